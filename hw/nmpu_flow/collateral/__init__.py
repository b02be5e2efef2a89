"""What stands beside the Verilog in a hand-over, all made from the configuration."""

import json
from collections.abc import Mapping, Sequence

from nmpu_flow.collateral.constraints import sdc
from nmpu_flow.collateral.description import description
from nmpu_flow.collateral.diagrams import diagrams
from nmpu_flow.collateral.guide import guide
from nmpu_flow.collateral.ipxact import ipxact
from nmpu_flow.collateral.layout import librelane_config, orfs_config
from nmpu_flow.collateral.lists import bender_manifest, file_list, fusesoc_core
from nmpu_flow.collateral.registers import REGISTERS, c_header, markdown
from nmpu_flow.collateral.systemrdl import systemrdl
from nmpu_flow.collateral.unit import TOP, Unit
from nmpu_flow.lint import WAIVERS
from nmpu_flow.ports import Port
from nmpu_flow.verilog_header import VERILOG_HEADER, verilog_header
from nmpu_spec.config import Config

__all__ = ["c_header", "collateral", "markdown"]


def collateral(config: Config, ports: Sequence[Port], rtl: Mapping[str, str]) -> dict[str, str]:
    """Every text file beside `rtl` (file name to Verilog, in order), which has `ports`: path in the folder to text.

    Not among them: the register pages (`nmpu_flow.collateral.registers.html`), and the manifest of it all
    (`nmpu_flow.collateral.manifest`). Same arguments and tool versions, same texts.
    """
    unit = Unit(config, ports, rtl)
    return {
        "INTEGRATION.md": guide(unit),
        VERILOG_HEADER: verilog_header(config),
        f"{TOP}.f": file_list(unit),
        f"{TOP}.sdc": sdc(unit),
        f"{TOP}.vlt": WAIVERS.read_text("utf-8"),
        f"{TOP}.core": fusesoc_core(unit),
        "Bender.yml": bender_manifest(unit),
        "librelane/config.yaml": librelane_config(unit),
        "orfs/config.mk": orfs_config(unit),
        f"{TOP}.json": json.dumps(description(config, ports), indent=2) + "\n",
        f"{REGISTERS}.h": c_header(config),
        f"{REGISTERS}.md": markdown(config),
        f"{REGISTERS}.rdl": systemrdl(unit),
        f"{REGISTERS}.xml": ipxact(unit),
        **diagrams(unit),
    }
