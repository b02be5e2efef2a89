"""Everything that is handed over for one configuration, in one folder."""

import json
import shutil
import tempfile
from pathlib import Path

from amaranth.lib import wiring

from nmpu_flow.collateral.description import description
from nmpu_flow.collateral.registers import REGISTERS, c_header, html, markdown
from nmpu_flow.ports import ports
from nmpu_flow.rtl_files import rtl_files
from nmpu_flow.tools import versions
from nmpu_flow.verilog import emit
from nmpu_spec.config import Config
from nmpu_spec.errors import InputError

TOP = "nmpu"


def write_package(component: wiring.Component, config: Config, folder: Path) -> list[Path]:
    """Write what is handed over for `component`, the unit of `config`; returns the paths, all directly in `folder`:

    nmpu.v, nmpu_memory.v    the unit, module ``nmpu``, and what may be replaced in it (`nmpu_flow.rtl_files`)
    nmpu.f                   the file list for a simulator that is started in the folder
    nmpu.json                configuration, formats, parameters, ports, tool versions
    nmpu_registers.h, .md    the register map for firmware and for readers
    registers                the register map to browse: registers/index.html

    Everything is built before anything of an earlier package is replaced; whatever else is in `folder` stays.
    Raises `InputError` where it cannot be written. Same arguments and tool versions, same bytes.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # In the folder itself: on the same file system, where a rename is one step, and in nobody else's way.
        with tempfile.TemporaryDirectory(prefix=".building_", dir=folder) as name:
            _build(component, config, Path(name))
            return [_replace(path, folder / path.name) for path in sorted(Path(name).iterdir())]
    except OSError as error:
        raise InputError(f"{error.filename or folder}: cannot be written ({error.strerror})") from None


def _build(component: wiring.Component, config: Config, folder: Path) -> None:
    verilog = emit(component, TOP, reset=config.implementation.reset)
    rtl = rtl_files(verilog, TOP, _header(config))
    texts = {
        **rtl,
        f"{TOP}.f": "".join(f"{file}\n" for file in rtl),
        f"{TOP}.json": json.dumps(description(config, ports(component, verilog, TOP)), indent=2) + "\n",
        f"{REGISTERS}.h": c_header(config),
        f"{REGISTERS}.md": markdown(config),
    }
    for file, text in texts.items():
        (folder / file).write_text(text, "utf-8", newline="\n")
    html(config, folder / "registers")


def _replace(source: Path, target: Path) -> Path:
    if source.is_dir() and target.is_dir() and not target.is_symlink():
        shutil.rmtree(target)
    return source.replace(target)


def _header(config: Config) -> list[str]:
    tools = versions()
    return [
        f"nmpu {tools['nmpu']}: near-memory processing unit, generated; do not edit",
        f"configuration {config.name}, SHA-256 {config.hash}",
        "made with " + ", ".join(f"{name} {version}" for name, version in tools.items() if name != "nmpu"),
        "",
    ]
