"""Placement: graywolf puts cells in rows, qflow's programs add fillers and power stripes, `pins` places the ports."""

import re
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from nmpu_flow.errors import FlowError
from nmpu_flow.layout.circuit import FILLER, Circuit
from nmpu_flow.layout.pins import place_pins
from nmpu_flow.layout.tools import LEF, TECHNOLOGY, run, script

DENSITY = 0.85
"""Cells' share of the rows; fillers between them take the rest, and leave the router room."""
STRIPES = ("-stripe", "2.0", "50.0", "PG")
"""Power and ground in turn on metal6: 2 um wide, every 50 um; it is qflow's choice for this technology."""


def place(circuit: Circuit, folder: Path, progress: Callable[[str], None]) -> Path:
    """Place `circuit` in `folder`; returns the DEF without wires, and beside it ``NAME.obs``, where none may go.

    The technology's parameters fix graywolf's seed: the same circuit gives the same bytes. Raises `FlowError`.
    """
    name = circuit.name
    progress("placement: cells")
    shutil.copy(TECHNOLOGY / "osu018.par", folder / f"{name}.par")
    (folder / f"{name}.blif").write_text(circuit.blif(), "utf-8")
    (folder / "info.tcl").write_text(f"read_lef {LEF}\n", "utf-8")
    run(["qrouter", "-i", f"{name}.info", "-c", "info.tcl"], folder, "info.log")
    script("blif2cel", folder, "--blif", f"{name}.blif", "--lef", LEF, "--cel", f"{name}.cel")
    script("decongest", folder, name, LEF, FILLER, str(DENSITY))
    (folder / f"{name}.acel").replace(folder / f"{name}.cel")
    run(["graywolf", "-n", name], folder, "graywolf.log")
    progress("placement: rows, power, ports")
    placed = folder / f"{name}.def"
    (folder / f"{name}.obs").unlink(missing_ok=True)
    _made(script("place2def", folder, name, FILLER), placed)
    script("addspacers", folder, *STRIPES, name, LEF, FILLER)
    (folder / f"{name}_filled.def").replace(placed)
    (folder / f"{name}.obsx").replace(folder / f"{name}.obs")
    # The cells' LEF says [], and so do our ports.
    text = placed.read_text("utf-8").replace('BUSBITCHARS "<>"', 'BUSBITCHARS "[]"')
    placed.write_text(place_pins(_own_names(text, circuit), circuit), "utf-8")
    return placed


def _own_names(text: str, circuit: Circuit) -> str:
    """qflow calls the cells by their kind and a number; give them the names that they have in the circuit."""
    numbers, names = Counter[str](), dict[str, str]()
    for gate in circuit.gates:
        numbers[gate.cell] += 1
        names[f"{gate.cell}_{numbers[gate.cell]}"] = gate.name
    return re.sub(r"\S+", lambda word: names.get(word[0], word[0]), text)


def _made(said: str, file: Path) -> None:
    if not file.is_file():
        raise FlowError(
            f"{file.name}: was not written ({said.strip().splitlines()[-1] if said.strip() else 'silence'})"
        )
