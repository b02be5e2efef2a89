"""What the open layout flows read: LibreLane's config.yaml, OpenROAD-flow-scripts' config.mk."""

from nmpu_flow.collateral.memories import memory_modules
from nmpu_flow.collateral.unit import CLOCK, PERIOD_NS, TOP, Unit

UTILISATION = 40
"""Percent of the core that cells fill: room for the clock tree and for the wires from memories to lanes."""


_MEMORY_BITS = 4096
"""OpenROAD-flow-scripts' own limit."""


def librelane_config(unit: Unit) -> str:
    """``librelane/config.yaml``: flow Classic, any PDK that LibreLane knows."""
    files = "\n".join(f"  - dir::../{name}" for name in unit.rtl)
    return f"""{
        unit.comment(
            "#",
            "",
            "In this folder, with LibreLane 3 (https://librelane.readthedocs.io):",
            "    librelane --pdk sky130A config.yaml",
            "    librelane --pdk ihp-sg13g2 config.yaml",
            "The period is that of ../nmpu.sdc; change both.",
        )
    }meta:
  version: 2
  flow: Classic

DESIGN_NAME: {TOP}
VERILOG_FILES:
{files}
LINTER_VLT: dir::../{TOP}.vlt

CLOCK_PORT: {CLOCK}
CLOCK_PERIOD: {PERIOD_NS}
PNR_SDC_FILE: dir::../{TOP}.sdc
SIGNOFF_SDC_FILE: dir::../{TOP}.sdc

# Flat, the unit is too large for one run of the technology mapper: lanes are mapped one module at a time.
SYNTH_HIERARCHY_MODE: deferred_flatten
FP_CORE_UTIL: {UTILISATION}
"""


def orfs_config(unit: Unit) -> str:
    """``orfs/config.mk``: a design of OpenROAD-flow-scripts that need not lie in their tree."""
    files = " ".join(f"$(NMPU_DIR)/{name}" for name in unit.rtl)
    bits = max(memory.width * memory.depth for memory in memory_modules("\n".join(unit.rtl.values())))
    return f"""{
        unit.comment(
            "#",
            "",
            "In the folder flow/ of OpenROAD-flow-scripts:",
            "    make DESIGN_CONFIG=THIS_FOLDER/config.mk",
            "    make DESIGN_CONFIG=THIS_FOLDER/config.mk PLATFORM=ihp-sg13g2",
            "The period is in ../nmpu.sdc, in the unit of the platform's library: ns, but ps on asap7 (10000).",
        )
    }
NMPU_DIR := $(abspath $(dir $(lastword $(MAKEFILE_LIST)))/..)

export DESIGN_NAME = {TOP}
export PLATFORM ?= sky130hd
export VERILOG_FILES = {files}
export SDC_FILE = $(NMPU_DIR)/{TOP}.sdc

# Flat, the unit is too large for one run of the technology mapper: lanes are mapped one module at a time.
export SYNTH_HIERARCHICAL = 1
# Bits of the largest memory: the flow stops at one that is larger than this and is to become registers.
export SYNTH_MEMORY_MAX_BITS ?= {max(bits, _MEMORY_BITS)}
export CORE_UTILIZATION ?= {UTILISATION}
export PLACE_DENSITY_LB_ADDON ?= 0.20
export TNS_END_PERCENT ?= 100
"""
