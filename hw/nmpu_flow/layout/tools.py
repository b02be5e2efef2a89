"""The layout tools of Debian, where they lie, and how one of them is run."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from nmpu_flow.errors import FlowError
from nmpu_spec.errors import InputError

TECHNOLOGY = Path("/usr/share/qflow/tech/osu018")
"""Of Debian's package qflow-tech-osu018."""
LEF = TECHNOLOGY / "osu018_stdcells.lef"
SCRIPTS = Path("/usr/lib/qflow/scripts")
"""qflow's programs between the tools."""

_PACKAGES = {
    "graywolf": "graywolf",
    "qrouter": "qrouter",
    "magic": "magic",
    "netgen-lvs": "netgen-lvs",
    "tclsh": "tcl",
    str(SCRIPTS / "place2def.tcl"): "qflow",
    str(LEF): "qflow-tech-osu018",
}


def missing() -> dict[str, str]:
    """What is not installed, each with the Debian package that brings it."""
    return {
        tool: package
        for tool, package in _PACKAGES.items()
        if not (Path(tool).is_file() if tool.startswith("/") else shutil.which(tool))
    }


def require() -> None:
    """Raises `InputError` with a line for each tool that is missing."""
    absent = missing()
    if absent:
        raise InputError("\n".join(f"{tool}: not found; install Debian's package {absent[tool]}" for tool in absent))


def versions() -> dict[str, str]:
    """What shapes the layout, as Debian's package data and the tools tell."""
    return {
        "graywolf": _package("graywolf"),
        "qflow": _package("qflow"),
        "qflow-tech-osu018": _package("qflow-tech-osu018"),
        "qrouter": _said(["qrouter", "-v", "0", "-h"], r"^(\d[\d.]*\d)(?:\.T)?$"),
        "magic": _said(["magic", "--version"], r"^(\d[\d.]*\d)$"),
        "netgen-lvs": _said(["netgen-lvs", "-batch", "quit"], r"Netgen (\d[\d.]*\d)"),
    }


def run(command: Sequence[str | Path], folder: Path, log: str, heard: Callable[[str], object] = str) -> str:
    """Run `command` in `folder`; what it says goes to the file `log` there, and line by line to `heard`.

    Returns what it said. Raises `FlowError` with its last line where it fails.
    """
    lines: list[str] = []
    with (
        (folder / log).open("w", encoding="utf-8") as file,
        subprocess.Popen(
            list(map(str, command)),
            cwd=folder,
            env=_headless(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as process,
    ):
        for line in process.stdout or ():
            lines.append(line)
            file.write(line)
            heard(line)
    if process.returncode:
        last = next((line.strip() for line in reversed(lines) if line.strip()), "no message")
        raise FlowError(f"{Path(command[0]).name}: {last}; see {folder / log}")
    return "".join(lines)


def script(name: str, folder: Path, *arguments: str | Path) -> str:
    """Run one of qflow's Tcl programs in `folder`."""
    return run(["tclsh", SCRIPTS / f"{name}.tcl", *arguments], folder, f"{name}.log")


def _headless() -> dict[str, str]:
    """The environment without a display, which the tools would draw on."""
    return {name: value for name, value in os.environ.items() if name != "DISPLAY"}


def _package(name: str) -> str:
    if shutil.which("dpkg-query") is None:
        return "unknown"
    return _said(["dpkg-query", "--showformat=${Version}", "--show", name], r"^(\S+)$")


def _said(command: Sequence[str], pattern: str) -> str:
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, env=_headless(), stdin=subprocess.DEVNULL
    )
    found = re.search(pattern, done.stdout + done.stderr, re.M)
    return found[1] if found else "unknown"
