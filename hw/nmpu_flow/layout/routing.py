"""Routing by qrouter: signals on the technology's six layers, around the power stripes."""

import re
from collections.abc import Callable
from pathlib import Path

from nmpu_flow.errors import FlowError
from nmpu_flow.layout.circuit import GROUND, POWER
from nmpu_flow.layout.tools import LEF, run

LAYERS = 6
STACKED_VIAS = 1
"""At most: one via, then wire again."""


def route(placed: Path, progress: Callable[[str], None]) -> tuple[Path, int]:
    """Route the DEF `placed`; returns the routed DEF beside it, and the number of nets that qrouter could not finish.

    Raises `FlowError`.
    """
    folder, name = placed.parent, placed.stem
    commands = [
        "verbose 1",
        f"read_lef {LEF}",
        f"layers {LAYERS}",
        f"via stack {STACKED_VIAS}",
        f"vdd {POWER}",
        f"gnd {GROUND}",
        *placed.with_suffix(".obs").read_text("utf-8").splitlines(),
        f"read_def {placed.name}",
        f"qrouter::standard_route {name}_routed.def false",
        "quit",
    ]
    (folder / "route.tcl").write_text("\n".join(commands) + "\n", "utf-8")

    def heard(line: str) -> None:
        if line.startswith(("Nets remaining", "*** Running")):
            progress(f"routing: {line.strip().lstrip('* ').lower()}")

    said = run(["qrouter", "-nog", "-s", "route.tcl"], folder, "route.log", heard)
    routed = folder / f"{name}_routed.def"
    final = re.search(r"^Final: (?:No failed routes|Failed net routes: (\d+))", said, re.M)
    if final is None or not routed.is_file():
        raise FlowError(f"qrouter: stopped before the end; see {folder / 'route.log'}")
    return routed, int(final[1] or 0)
