"""The sections of the integration guide on tools and files."""

from nmpu_flow.collateral.diagrams import FOLDER
from nmpu_flow.collateral.registers import REGISTERS
from nmpu_flow.collateral.traces import traces
from nmpu_flow.collateral.unit import TOP, Unit
from nmpu_flow.verilog_header import VERILOG_HEADER


def tools(unit: Unit) -> str:
    """Commands, to be started in the folder of the hand-over."""
    sources = " ".join(unit.rtl)
    return f"""In this folder:

```sh
verilator --lint-only -Wall {TOP}.vlt -f {TOP}.f --top-module {TOP}    # no warning; each waiver states its reason
iverilog -g2005 -f {TOP}.f -s {TOP} -o {TOP}.vvp
slang --std 1364-2005 -f {TOP}.f --top {TOP}
yosys -p "read_verilog {sources}; synth -top {TOP}; check -assert"
fusesoc --cores-root . run --target=lint ::{TOP}
bender script flist
(cd librelane && librelane --pdk sky130A config.yaml)
make -C OpenROAD-flow-scripts/flow DESIGN_CONFIG=$PWD/orfs/config.mk    # where yours is
```

Other synthesisers: read the files of `{TOP}.f` in order as Verilog-2005, then `{TOP}.sdc`."""


def files(unit: Unit) -> str:
    """Every file of the hand-over with what it is for."""
    about = {
        **{name: _RTL.get(name, "") for name in unit.rtl},
        VERILOG_HEADER: "macros with widths and options, for Verilog that instantiates the unit",
        f"{TOP}.f": "file list",
        f"{TOP}.sdc": "timing constraints",
        f"{TOP}.vlt": "Verilator's waivers, each with its reason",
        f"{TOP}.core": "FuseSoC",
        "Bender.yml": "Bender",
        "librelane/config.yaml": "LibreLane",
        "orfs/config.mk": "OpenROAD-flow-scripts",
        f"{TOP}.json": "configuration, formats, parameters and ports, for programs",
        f"{REGISTERS}.md": "register map, to read",
        "registers/index.html": "... to browse (`python3 -m http.server -d registers`)",
        f"{REGISTERS}.h": "... as C header",
        f"{REGISTERS}.rdl": "... as SystemRDL, no parameters left",
        f"{REGISTERS}.xml": "... as IP-XACT component (IEEE 1685-2014), with ports and the APB4 interface",
        **{f"{FOLDER}/{trace.name}.svg": f"timing: {trace.title}" for trace in traces(unit.config)},
        **{f"{FOLDER}/{trace.name}.json": "... as WaveJSON" for trace in traces(unit.config)},
        "manifest.json": "SHA-256 of every file; tool versions",
    }
    return "".join(f"- [{name}]({name}): {what}\n" for name, what in about.items())


_RTL = {
    f"{TOP}.v": f"the unit, top module `{TOP}`",
    f"{TOP}_memory.v": "parameter memories, behind which a macro may be put",
    f"{TOP}_clock_gate.v": "the clock gate, to be replaced by the library's cell",
}
