"""File list, FuseSoC core, Bender manifest: the package managers' files."""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import yaml

from nmpu_flow.errors import FlowError
from nmpu_flow.tools import verilator
from nmpu_spec.config import Config
from nmpu_spec.errors import InputError
from nmpu_verif.tapeout.check import Check, said, text_of


def listed(folder: Path) -> list[str]:
    """The names in ``nmpu.f``; raises `FlowError` where they are not the Verilog files of the folder, each once."""
    names = text_of(folder, "nmpu.f").split()
    if sorted(names) != sorted(path.name for path in folder.glob("*.v")):
        raise FlowError(f"nmpu.f: names {', '.join(names)}, which are not the folder's Verilog files")
    return names


_PORT = re.compile(r"^  (input|output) (?:signed )?(?:\[(\d+):0\] )?(\w+);", re.M)


def compare_ports(file: str, said: Mapping[str, tuple[str, int]], folder: Path) -> str:
    """Raises `FlowError` where the ports that `file` names (to direction and width) are not those of the Verilog."""
    verilog = "\n".join(text_of(folder, name) for name in listed(folder))
    top = re.search(r"^module nmpu\(.*?^endmodule", verilog, re.M | re.S)
    there = {name: (way, int(high or 0) + 1) for way, high, name in _PORT.findall(top[0] if top else "")}
    for name in {**there, **said}:
        if there.get(name) != said.get(name):
            raise FlowError(f"{file}: port {name}: {said.get(name)}, in the Verilog {there.get(name)}")
    return f"{len(said)} ports as in the Verilog"


def _file_list(folder: Path, _config: Config) -> str:
    return ", ".join(listed(folder))


def fusesoc_version() -> str:
    try:
        return f"fusesoc {metadata.version('fusesoc')}"
    except metadata.PackageNotFoundError:
        raise InputError("fusesoc: not found; install the PyPI package fusesoc") from None


def _fusesoc(folder: Path, _config: Config) -> str:
    _, environment = verilator()
    with tempfile.TemporaryDirectory(prefix="nmpu_fusesoc_") as name:
        build = Path(name)
        here = [sys.executable, "-m", "fusesoc.main", "--cores-root", str(folder.resolve()), "run"]
        # A home of its own: it keeps a configuration and a library of cores there.
        environment |= {"XDG_CONFIG_HOME": name, "XDG_CACHE_HOME": name, "XDG_DATA_HOME": name}
        targets = {"lint": "--target=lint", "sim": "--target=sim"}
        texts = {
            target: said(
                [*here, option, *(["--setup"] if target == "sim" else []), f"--build-root={build}", "::nmpu"],
                build,
                environment,
            )
            for target, option in targets.items()
        }
        for target, text in texts.items():
            if warning := next((line for line in text.splitlines() if "arning" in line or "ERROR" in line), None):
                raise FlowError(f"nmpu.core: target {target}: {warning}")
        for target in targets:
            copied = {path.name for path in build.glob(f"nmpu_*/{target}/src/*/*.v")}
            if copied != set(listed(folder)):
                raise FlowError(f"nmpu.core: target {target}: has {sorted(copied)}, not the files of nmpu.f")
    return "target lint: Verilator finds nothing; target sim: set up"


def _bender(folder: Path, _config: Config) -> str:
    program = shutil.which("bender")
    if program is None:
        raise InputError("bender: not found; install Rust's crate bender (cargo install bender)")
    with tempfile.TemporaryDirectory(prefix="nmpu_bender_") as name:
        # It writes a lock file beside the manifest.
        copy = Path(name) / "nmpu"
        shutil.copytree(folder, copy)
        files = said([program, "script", "flist"], copy).split()
    if [Path(file).name for file in files] != listed(folder):
        raise FlowError(f"Bender.yml: bender names {files}, not the files of nmpu.f")
    return "bender script flist names the files of nmpu.f"


def bender_version() -> str:
    program = shutil.which("bender")
    if program is None:
        raise InputError("bender: not found; install Rust's crate bender (cargo install bender)")
    return subprocess.run([program, "--version"], check=False, capture_output=True, text=True).stdout.strip()


_BENDER_KEYS = {
    "package",
    "dependencies",
    "sources",
    "export_include_dirs",
    "plugins",
    "frozen",
    "workspace",
    "vendor_package",
    "remotes",
}
"""What Bender's manual lets a manifest have."""
_BENDER_PACKAGE = {"name", "authors", "description"}


def _bender_schema(folder: Path, _config: Config) -> str:
    manifest = mapping(folder, "Bender.yml")
    unknown = manifest.keys() - _BENDER_KEYS
    package = manifest.get("package")
    if unknown:
        raise FlowError(f"Bender.yml: {min(unknown)}: no key of a manifest")
    if not isinstance(package, dict) or not isinstance(package.get("name"), str) or package.keys() - _BENDER_PACKAGE:
        raise FlowError("Bender.yml: package: must have a name, and may have authors and description")
    if manifest.get("sources") != listed(folder):
        raise FlowError(f"Bender.yml: sources: {manifest.get('sources')} are not the files of nmpu.f")
    return "keys of the manual, files of nmpu.f"


def mapping(folder: Path, name: str) -> dict[str, Any]:
    """The mapping in a YAML file; raises `FlowError` where there is none."""
    try:
        found = yaml.safe_load(text_of(folder, name))
    except yaml.YAMLError as error:
        raise FlowError(f"{name}: {error}") from None
    if not isinstance(found, dict):
        raise FlowError(f"{name}: is no mapping")
    return found


def _yaml_version() -> str:
    return f"PyYAML {metadata.version('PyYAML')}"


CHECKS = (
    Check("nmpu.f", lambda: "own", "names every Verilog file once", _file_list),
    Check("nmpu.core", fusesoc_version, "FuseSoC runs target lint, sets up target sim", _fusesoc),
    Check("Bender.yml", bender_version, "bender script flist", _bender),
    Check("Bender.yml", _yaml_version, "keys and files against Bender's manual", _bender_schema),
)
