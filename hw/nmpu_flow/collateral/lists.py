"""File lists and package manifests: nmpu.f, FuseSoC's nmpu.core, Bender.yml."""

from nmpu_flow.collateral.unit import TOP, Unit
from nmpu_flow.verilog_header import VERILOG_HEADER


def file_list(unit: Unit) -> str:
    """``nmpu.f``: the Verilog in order, for ``-f`` of a simulator that is started in the folder."""
    return "".join(f"{name}\n" for name in unit.rtl)


def fusesoc_core(unit: Unit) -> str:
    """``nmpu.core``: FuseSoC's description (CAPI2) with the targets default, lint and sim."""
    files = "\n".join(f"      - {name}" for name in unit.rtl)
    return f"""CAPI=2:
{
        unit.comment(
            "#",
            "",
            "fusesoc --cores-root . core show ::nmpu      what is here",
            "fusesoc --cores-root . run --target=lint ::nmpu   Verilator -Wall, no warning",
            "fusesoc --cores-root . run --target=sim --build ::nmpu   compiles for Icarus",
            "In a core of yours: depend on '::nmpu'.",
        )
    }
name: ::{TOP}:{unit.version}
description: Near-memory processing unit for analog in-memory computing, configuration {unit.config.name}

filesets:
  rtl:
    files:
{files}
    file_type: verilogSource-2005
  waivers:
    files:
      - {TOP}.vlt: {{file_type: vlt}}
  header:
    files:
      - {VERILOG_HEADER}: {{is_include_file: true}}
    file_type: verilogSource-2005
  constraints:
    files:
      - {TOP}.sdc: {{file_type: SDC}}

targets:
  default:
    filesets:
      - header
      - rtl
      - constraints
    toplevel: {TOP}
  lint:
    filesets:
      - rtl
      - waivers
    toplevel: {TOP}
    flow: lint
    flow_options:
      tool: verilator
      verilator_options: [-Wall]
  sim:
    # Compiles; there is no testbench in this folder.
    filesets:
      - rtl
    toplevel: {TOP}
    flow: sim
    flow_options:
      tool: icarus
      iverilog_options: [-g2005]
"""


def bender_manifest(unit: Unit) -> str:
    """``Bender.yml``: the Verilog in order; there are no dependencies."""
    files = "\n".join(f"  - {name}" for name in unit.rtl)
    return f"""{
        unit.comment(
            "#",
            "",
            "bender script flist         the files, for any tool",
            "bender script verilator     and so on: vsim, synopsys, vivado, genus",
            "In a package of yours: dependencies: {nmpu: {path: PATH/OF/THIS/FOLDER}}",
        )
    }package:
  name: {TOP}
  description: Near-memory processing unit for analog in-memory computing, configuration {unit.config.name}

export_include_dirs: ["."]

sources:
{files}
"""
