"""Everything that is handed over for one configuration, in one folder."""

import shutil
import tempfile
from pathlib import Path

from amaranth.lib import wiring

from nmpu_flow.collateral import collateral
from nmpu_flow.collateral.manifest import MANIFEST, manifest
from nmpu_flow.collateral.registers import html
from nmpu_flow.ports import ports
from nmpu_flow.rtl_files import rtl_files
from nmpu_flow.tools import versions
from nmpu_flow.verilog import emit
from nmpu_spec.config import Config
from nmpu_spec.errors import InputError

TOP = "nmpu"


def write_package(component: wiring.Component, config: Config, folder: Path) -> list[Path]:
    """Write what is handed over for `component`, the unit of `config`; returns the paths, all directly in `folder`:

    *.v            the unit, module ``nmpu``, and what may be replaced in it (`nmpu_flow.rtl_files`)
    registers/     the register map to browse: registers/index.html
    manifest.json  SHA-256 of every file
    and the rest of what `nmpu_flow.collateral.collateral` lists; ``INTEGRATION.md`` is where to begin

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
    for file, text in {**rtl, **collateral(config, ports(component, verilog, TOP), rtl)}.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(text, "utf-8", newline="\n")
    html(config, folder / "registers")
    (folder / MANIFEST).write_text(manifest(config, folder), "utf-8", newline="\n")


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
