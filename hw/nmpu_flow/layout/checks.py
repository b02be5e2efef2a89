"""Design rules by magic; layout against schematic by magic's extraction and netgen."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nmpu_flow.errors import FlowError
from nmpu_flow.layout.circuit import FILLER, Circuit
from nmpu_flow.layout.tools import LEF, TECHNOLOGY, run

_COMPARISON = [f"ignore class {{-circuit1 {FILLER}}}", "permute default", "property default"]


@dataclass(frozen=True)
class Comparison:
    """Layout against schematic. `details`: the first of what netgen could not match."""

    matches: bool
    verdict: str
    details: list[str]


def design_rules(routed: Path) -> dict[str, int]:
    """How often the routed DEF breaks each rule of the technology; empty where it breaks none.

    The cells are LEF abstracts, their pins and blockages: rules of the metal and via layers are checked, of wires
    against each other and against the cells, and nothing below metal1. Raises `FlowError` for what magic refuses.
    """
    said = _magic(
        routed,
        "drc",
        [
            "select top cell",
            "expand",
            "drc euclidean on",
            "drc on",
            "drc check",
            "drc catchup",
            'puts "errors [drc list count total]"',
            'foreach {rule boxes} [drc listall why] {puts "rule [llength $boxes] $rule"}',
        ],
    )
    total = re.search(r"^errors (\d+)$", said, re.M)
    found = {rule: int(count) for count, rule in re.findall(r"^rule (\d+) (.*)$", said, re.M)}
    if total is None or bool(int(total[1])) != bool(found):
        raise FlowError(f"magic: did not finish the design rules; see {routed.parent / 'drc.log'}")
    return found


def compare(routed: Path, circuit: Circuit) -> Comparison:
    """Extract the netlist from the wires of the routed DEF and compare it with `circuit`.

    Cells are black boxes with their pins. Power and ground are compared like every net. Raises `FlowError`.
    """
    folder, name = routed.parent, circuit.name
    extracted, schematic = folder / f"{name}.spice", folder / f"{name}_schematic.spice"
    extracted.unlink(missing_ok=True)
    _magic(
        routed,
        "extract",
        [
            "expand",
            "extract all",
            "ext2spice hierarchy on",
            "ext2spice format ngspice",
            "ext2spice scale off",
            "ext2spice cthresh infinite",
            "ext2spice rthresh infinite",
            "ext2spice blackbox on",
            "ext2spice subcircuit top auto",
            "ext2spice global off",
            f"ext2spice -o {extracted.name}",
        ],
    )
    for file in folder.glob("*.ext"):
        file.unlink()
    if not extracted.is_file():
        raise FlowError(f"magic: extracted nothing; see {folder / 'extract.log'}")
    # netgen takes black boxes pin by pin, so the schematic's cells must have the layout's order.
    cells = re.findall(r"^\.subckt (\S+) (.*)$", extracted.read_text("utf-8"), re.M)
    schematic.write_text(circuit.spice({cell: pins.split() for cell, pins in cells}), "utf-8")
    (folder / "compare.tcl").write_text("\n".join(_COMPARISON) + "\n", "utf-8")
    said = run(
        [
            "netgen-lvs",
            "-batch",
            "lvs",
            f"{extracted.name} {name}",
            f"{schematic.name} {name}",
            "compare.tcl",
            "compare.out",
            "-blackbox",
        ],
        folder,
        "compare.log",
    )
    return _verdict(said, folder / "compare.out", name)


def _verdict(said: str, report: Path, name: str) -> Comparison:
    result = re.search(r"^Result: (.*)$", said, re.M)
    if result is None:
        raise FlowError(f"netgen: came to no result; see {report.with_suffix('.log')}")
    text = report.read_text("utf-8", errors="replace")
    lines = [" ".join(line.split()) for line in text.splitlines()]
    # netgen calls pin lists equivalent also where a net has another port's name, and only marks the line.
    ports = [line.removesuffix(" **Mismatch**") for line in lines if line.endswith("**Mismatch**")]
    if ports:
        return Comparison(False, "Ports do not match.", [f"Port: {line}" for line in ports[:6]])
    needed = ("Cell pin lists are equivalent.", f"Device classes {name} and {name} are equivalent.")
    matches = all(line in lines for line in needed)
    details = [] if matches else [line for line in lines if line.startswith(("Net:", "Instance:", "(no"))][:6]
    return Comparison(matches, result[1], details)


def _magic(routed: Path, log: str, commands: Sequence[str]) -> str:
    """What magic says while it reads the routed DEF and obeys `commands`."""
    script = [
        "drc off",
        "box 0 0 0 0",
        "snap int",
        f"lef read {LEF}",
        f"def read {routed.stem}",
        # The design has its own name, not the file's.
        f"load {_design(routed)}",
        *commands,
        "quit -noprompt",
    ]
    (routed.parent / f"{log}.tcl").write_text("\n".join(script) + "\n", "utf-8")
    command = ["magic", "-dnull", "-noconsole", "-rcfile", str(TECHNOLOGY / "osu018.magicrc"), f"{log}.tcl"]
    return run(command, routed.parent, f"{log}.log")


def _design(routed: Path) -> str:
    found = re.search(r"^DESIGN (\S+) ;", routed.read_text("utf-8"), re.M)
    if found is None:
        raise FlowError(f"{routed}: is not a DEF")
    return found[1]
