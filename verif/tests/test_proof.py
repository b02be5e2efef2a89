"""The proofs hold; planted bugs are found; and the symbolic definitions are those of `nmpu_spec`."""

import random
import re
from functools import lru_cache

import pytest
import z3

from nmpu_hw.nmpu import Nmpu
from nmpu_spec.compression import Compression
from nmpu_spec.errors import InputError
from nmpu_spec.formats import Format
from nmpu_spec.load import load
from nmpu_spec.overflow import Overflow
from nmpu_spec.rounding import Rounding
from nmpu_verif.builds import verilog_of
from nmpu_verif.evidence import Evidence, Outcome
from nmpu_verif.proof.claim import Claim, decide, variables
from nmpu_verif.proof.definitions import compressed
from nmpu_verif.proof.lemmas import cut_loses
from nmpu_verif.proof.proofs import claims, prove_all
from nmpu_verif.proof.solver import prove
from nmpu_verif.proof.symbolic import Int, evaluate


@lru_cache
def rtl(name: str) -> str:
    config = load(name)
    return verilog_of(config, "nmpu", lambda: Nmpu(config)).read_text("utf-8")


@pytest.mark.parametrize("name", ["tiny", "hermes256"])
def test_everything_is_proven(name: str) -> None:
    rows = prove_all(load(name), 1, lambda *_: None)
    assert [row for row in rows if row.outcome is not Outcome.PROVEN] == []
    assert len({row.claim for row in rows}) == len(rows) > 100


def test_a_clock_gate_is_refused(configurations: dict[str, str]) -> None:
    with pytest.raises(InputError, match="implementation"):
        prove_all(load(configurations["gated12"]), 1, lambda *_: None)


BUGS = {
    "affine: subtract P from N": (
        "stages",
        "affine",
        r"\$signed\(_1_\) - \$signed\(_3_\)",
        "$signed(_3_) - $signed(_1_)",
    ),
    "compress: never round up": ("stages", "compress", r"value\[0\] & value\[1\]", "value[0] & 1'h0"),
    "compress: saturate one lower": ("stages", "compress", r"4'h7", "4'h6"),
    "norm: the bias is unsigned": ("stages", "norm", r"\$signed\(\{ bias, 1'h0 \}\)", "{ bias, 1'h0 }"),
    "relu: of the wrong bit": ("stages", "relu_1", r"value\[6\]", "value[5]"),
    "output: a logical shift": ("stages", "output", r">>>", ">>"),
    "lane: load a clock early": ("lane", "path", r"if \(load_norm\)", "if (load_affine)"),
    "lane: write where it reads": ("lane", "memory_norm", r"words\[write_address\]", "words[read_address]"),
    "lane: inject other bits": ("lane", "lane", r"host_data\[8:6\]", "host_data[7:5]"),
    "sequencer: one group fewer": ("sequencer", "sequencer", r"index == 2'h2", "index == 2'h1"),
    "sequencer: swap in a vector": ("sequencer", "sequencer", r"first \? bank_select : bank_begun", "bank_select"),
    "streams: drop a waiting beat": ("streams", "sequencer", r"if \(tail\) slot_output <=", "slot_output <="),
    "streams: rx while the sink waits": ("streams", "sequencer", r"tail & rx_wanted", "rx_wanted"),
    "registers: the other bank's lock": ("registers", "registers", r"locked\[1\]", "locked[0]"),
    "registers: any strobe": ("registers", "registers", r"whole = & apb_pstrb", "whole = | apb_pstrb"),
}
"""What it is: the part of the proofs, the module, and what is replaced in it."""


def planted(bug: str) -> str:
    """The Verilog of tiny with the bug in it."""
    _, module, pattern, instead = BUGS[bug]
    verilog = rtl("tiny")
    text = re.search(rf"^module nmpu_{module}\(.*?^endmodule", verilog, re.M | re.S)
    assert text is not None
    wrong, found = re.subn(pattern, instead, text[0], count=1)
    assert found == 1, f"{bug}: nothing to replace"
    return verilog.replace(text[0], wrong)


@pytest.mark.parametrize("bug", BUGS)
def test_a_planted_bug_is_found(bug: str) -> None:
    """With operands for which it shows."""
    rows = [decide(claim) for claim in claims(BUGS[bug][0], load("tiny"), planted(bug))]
    failed = [row for row in rows if row.outcome is Outcome.FAILED]
    assert failed
    assert all(" = " in row.note for row in failed)


def test_a_counterexample_is_one() -> None:
    """The claim is false for the values that are named."""
    for claim in claims("stages", load("tiny"), planted("compress: never round up")):
        verdict = prove(claim.term)
        if verdict.outcome is Outcome.FAILED:
            values = [
                (one, z3.BitVecVal(verdict.counterexample[name], one.size()))
                for name, one in variables(claim.term).items()
            ]
            assert z3.is_false(z3.simplify(z3.substitute(claim.term, *values)))
            return
    pytest.fail("no claim failed")


def test_what_is_assumed_can_be() -> None:
    """A proof from a contradiction would prove anything."""
    for part in ("stages", "lane", "streams"):
        for claim in claims(part, load("tiny"), rtl("tiny")):
            if claim.assuming:
                assert decide(Claim("never", z3.BoolVal(False), claim.assuming)).outcome is Outcome.FAILED


@pytest.mark.parametrize("rounding", [Rounding.HALF_EVEN, Rounding.HALF_AWAY])
def test_a_cut_before_other_roundings_loses(rounding: Rounding) -> None:
    row = decide(cut_loses(rounding))
    assert row.outcome is Outcome.FAILED


@pytest.mark.parametrize("overflow", Overflow)
@pytest.mark.parametrize("rounding", Rounding)
def test_symbolic_definitions_are_the_definitions(rounding: Rounding, overflow: Overflow) -> None:
    """Every raw of a small format through both: nmpu_spec on Python's ints, and its terms with the raw put in."""
    source, target = Format.parse("S4.3"), Format.parse("S3.0")
    compression = Compression(rounding, overflow, 1, 1)
    variable = z3.BitVec("raw", source.width)
    terms = compressed(compression, Int(variable), source, target)
    for raw in range(source.min_raw, source.max_raw + 1):
        put = (variable, z3.BitVecVal(raw, source.width))
        code = z3.simplify(z3.substitute(terms.code.term, put)).as_signed_long()
        assert code == compression.apply(raw, source, target)
        rounded = compression.round(raw, source, target)
        flags = [z3.simplify(z3.substitute(flag.term, put)).as_signed_long() for flag in (terms.high, terms.low)]
        assert flags == [rounded > target.max_raw, rounded < target.min_raw]


def test_symbolic_arithmetic_is_pythons() -> None:
    """Random pairs through every operator."""
    draw = random.Random(1)
    operations = {
        "+": lambda a, b: a + b,
        "-": lambda a, b: a - b,
        "*": lambda a, b: a * b,
        "3 - a": lambda a, _: 3 - a,
        "-a": lambda a, _: -a,
        "<<": lambda a, _: a << 3,
        ">>": lambda a, _: a >> 2,
        "% 4": lambda a, _: a % 4,
        "% 3": lambda a, _: a % 3,
        "divmod": lambda a, _: divmod(a, 8)[0] + divmod(a, 8)[1],
        "min, max": lambda a, b: min(max(a, b), 5),
        "if": lambda a, b: a if a else b,
        "not equal": lambda a, b: 1 if a != b else 0,
        "order": lambda a, b: 4 * a + (a <= b),
        "reverse order": lambda a, b: 4 * a + (a >= b),
    }
    a, b = z3.BitVec("a", 5), z3.BitVec("b", 7)
    for name, operation in operations.items():
        term = evaluate(lambda operation=operation: operation(Int(a), Int(b))).term  # type: ignore[misc]
        for _ in range(50):
            x, y = draw.randrange(-16, 16), draw.randrange(-64, 64)
            got = z3.simplify(z3.substitute(term, (a, z3.BitVecVal(x, 5)), (b, z3.BitVecVal(y, 7))))
            assert got.as_signed_long() == operation(x, y), (name, x, y)


def test_an_unanswered_question_is_no_proof() -> None:
    """A product of two numbers of 61 bits that is a given one: not within a tenth of a second."""
    a, b = z3.BitVec("a", 61), z3.BitVec("b", 61)
    product = z3.ZeroExt(61, a) * z3.ZeroExt(61, b)
    claim = z3.Or(product != 0x1F2A3B4C5D6E7F8091A2B3C4D5E7, a == 1, b == 1)
    assert prove(claim, seconds=0.1).outcome is Outcome.OPEN


def test_rows_say_what_they_hold_for() -> None:
    row = next(decide(claim) for claim in claims("stages", load("tiny"), rtl("tiny")))
    assert isinstance(row, Evidence)
    assert row.bound == "all values of 18 bits"
    assert "Bitwuzla" in row.tool
