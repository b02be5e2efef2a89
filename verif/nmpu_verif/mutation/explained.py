"""Mutants that no test can find, though they are no equal circuits: each with the reason.

An entry stands for the mutants of a module with this line, or this expression, before and after the fault. One that no
survivor needs fails the run: it may be out of date.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from nmpu_verif.mutation.matrix import Fate, Row
from nmpu_verif.simulate import BenchError


@dataclass(frozen=True)
class Explanation:
    """`module` with the kind, such as ``rtl/sequencer``."""

    module: str
    before: str
    after: str
    reason: str

    def holds_for(self, row: Row) -> bool:
        return (f"{row.kind}/{row.module}", row.before, row.after) == (self.module, self.before, self.after)


_PUSH = (
    "A push is looked at in test mode alone, which a reset leaves in the same clock; the register is loaded anew in "
    "every clock."
)
_BRANCH = "n is not None and scale_n is not None and offset_n is not None"
_TOGETHER = "The operands of the second branch are there together, or none of them is: `run` has checked that."
EXPLAINED: tuple[Explanation, ...] = (
    Explanation("rtl/nmpu", "if (rst) push <= 1'h0;", "if (rst) push <= 1'h1;", _PUSH),
    Explanation("rtl/nmpu", "if (rst) push <= 1'h0;", "if (1'h0) push <= 1'h0;", _PUSH),
    Explanation(
        "rtl/nmpu",
        "assign out_payload = { sequencer_slot_output[3], out_payload_first, data };",
        "assign out_payload = { sequencer_slot_output[2], out_payload_first, data };",
        "Three groups have the indices 0 to 2, so the index's upper bit is set for the last group alone.",
    ),
    Explanation(
        "rtl/lanes",
        "assign _033_ = _044_ ? vector[8:6] : 3'h0;",
        "assign _033_ = vector[8:6];",
        "Chosen where the index is neither 1 nor 2, and with three groups it is 0 then.",
    ),
    Explanation(
        "rtl/lanes",
        "if (load_residual) layer_output <= _011_;",
        "if (load_residual) layer_output <= (_011_) & 12'hbff;",
        "A bit of rx's scale, which nothing behind the residual add looks at; synthesis leaves the flop out.",
    ),
    Explanation(
        "model/model.residual",
        "fraction > config.norm_format.fraction",
        "True",
        "The total never has fewer fraction bits than the norm; where it has as many, the shift is by 0.",
    ),
    Explanation(
        "model/model.relu",
        "np.maximum(x, 0, out=x)",
        "np.maximum(0, x, out=x)",
        "The larger of two numbers does not depend on their order.",
    ),
    Explanation("model/model.affine", _BRANCH, _BRANCH.replace("and", "or"), _TOGETHER),
    Explanation("model/model.affine", _BRANCH, _BRANCH.rpartition(" and ")[0], _TOGETHER),
    Explanation(
        "model/model.unit",
        "_BLOCK // config.columns",
        "_BLOCK",
        "How many vectors a thread takes at a time; what comes out does not depend on it.",
    ),
    Explanation(
        "model/model.unit",
        "31",
        "30",
        "A unit that cuts 30 bits at most then takes 64-bit integers in place of 32-bit ones, for the same numbers.",
    ),
)


def settle(kind: str, rows: Sequence[Row], whole: bool = True, table: Sequence[Explanation] = EXPLAINED) -> list[Row]:
    """The rows with the reasons of `table` for survivors; `whole` says that they are all rows of `kind`.

    Raises `BenchError` for an entry that no survivor needs any more.
    """
    settled, used = [], set()
    for row in rows:
        entry = next((entry for entry in table if entry.holds_for(row)), None)
        if row.fate is Fate.SURVIVOR and entry is not None:
            used.add(entry)
            row = replace(row, fate=Fate.EXPLAINED, said=entry.reason)  # noqa: PLW2901
        settled.append(row)
    for entry in table:
        if whole and entry.module.startswith(f"{kind}/") and entry not in used:
            raise BenchError(
                f"{entry.module}: no survivor needs the reason for {entry.after!r} any more; remove it from "
                "nmpu_verif/mutation/explained.py"
            )
    return settled
