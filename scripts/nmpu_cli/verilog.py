"""`nmpu verilog`: the RTL as Verilog, with what an integrator needs beside it."""

import json
from pathlib import Path

from rich.console import Console

from nmpu_cli.options import ConfigOption, JsonOption, OutOption
from nmpu_flow.lint import lint
from nmpu_flow.package import write_package
from nmpu_hw.nmpu import Nmpu
from nmpu_spec.load import load


def verilog(config: ConfigOption = "hermes256", out: OutOption = None, as_json: JsonOption = False) -> None:
    """Write Verilog, constraints, manifests, register map and guide to a folder (default build/verilog-NAME)."""
    loaded = load(config)
    folder = out or Path("build") / f"verilog-{loaded.name}"
    with Console(stderr=True).status(f"Verilog of {loaded.name}"):
        files = write_package(Nmpu(loaded), loaded, folder)
        lint([path for path in files if path.suffix == ".v"], "nmpu")
    if as_json:
        print(json.dumps({"folder": str(folder), "files": [str(path) for path in files]}, indent=1))
        return
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"{loaded.name} ({loaded.hash[:16]}) in {folder}; Verilator -Wall: clean")
    for path in files:
        console.print(f"  {path}")
    console.print(f"begin with {folder}/INTEGRATION.md; register pages: python3 -m http.server -d {folder}/registers")
