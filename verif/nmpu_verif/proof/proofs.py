"""Every claim about the RTL of a configuration, in parts that are proven side by side."""

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed

from nmpu_hw.nmpu import Nmpu
from nmpu_spec.config import Config
from nmpu_spec.errors import InputError
from nmpu_spec.implementation import Implementation
from nmpu_verif.builds import verilog_of
from nmpu_verif.evidence import Evidence
from nmpu_verif.proof.bus import bus_claims
from nmpu_verif.proof.claim import Claim, decide
from nmpu_verif.proof.control import control_claims
from nmpu_verif.proof.lane import lane_claims
from nmpu_verif.proof.lemmas import cut_claim, width_claims
from nmpu_verif.proof.modes import mode_claims
from nmpu_verif.proof.stages import stage_claims
from nmpu_verif.proof.streams import stream_claims

Progress = Callable[[str, int, int], None]
TOP = "nmpu"

_RTL: dict[str, Callable[[Config, str, str], Iterator[Claim]]] = {
    "stages": stage_claims,
    "lane": lane_claims,
    "sequencer": control_claims,
    "streams": stream_claims,
    "registers": bus_claims,
}
_MODULES = {"stages": TOP, "lane": f"{TOP}_lane", "streams": f"{TOP}_sequencer"}
PARTS = ("widths", "cuts", "stages", "lane", "modes", "sequencer", "streams", "registers")
"""The order in which they are read."""


def claims(part: str, config: Config, verilog: str) -> Iterator[Claim]:
    """The claims of one of `PARTS`; `verilog` is the unit's, module `TOP`."""
    if part == "widths":
        yield from width_claims(config)
    elif part == "cuts":
        yield cut_claim()
    elif part == "modes":
        yield from mode_claims(config)
    else:
        yield from _RTL[part](config, verilog, _MODULES.get(part, f"{TOP}_{part}"))


def prove_all(config: Config, jobs: int, progress: Progress, parts: tuple[str, ...] = PARTS) -> list[Evidence]:
    """A row for each claim of `parts`; they are proven in `jobs` processes.

    Raises `InputError` for a configuration whose clocks and resets are no longer one edge.
    """
    if config.implementation != Implementation():
        raise InputError(
            f"{config.name}: implementation: proofs are about one clock and a synchronous reset; "
            "prove the configuration without [implementation]"
        )
    rtl = verilog_of(config, TOP, lambda: Nmpu(config)).read_text("utf-8")
    found: dict[str, list[Evidence]] = {}
    # Fresh processes: the solvers' libraries do not survive a fork.
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
        waiting = {pool.submit(_prove, part, config, rtl): part for part in parts}
        for done in as_completed(waiting):
            found[waiting[done]] = done.result()
            progress(f"proven: {', '.join(found)}", len(found), len(parts))
    return [row for part in parts for row in found[part]]


def _prove(part: str, config: Config, verilog: str) -> list[Evidence]:
    return [decide(claim) for claim in claims(part, config, verilog)]
