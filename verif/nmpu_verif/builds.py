"""Simulators built from our RTL, cached by content under ``build/``."""

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from importlib import metadata
from pathlib import Path

from amaranth.lib.wiring import Component
from cocotb_tools.runner import Icarus, Runner, Verilator

import nmpu_flow
import nmpu_hw
import nmpu_spec
import nmpu_verif
from nmpu_flow.tools import icarus, require_compiler, verilator, verilator_version, versions
from nmpu_flow.verilog import emit
from nmpu_spec.config import Config
from nmpu_spec.errors import InputError
from nmpu_verif.cache import made_once

BUILD = Path("build")
"""Everything that is made lies here, below the current folder."""

_PACKAGES = (nmpu_spec, nmpu_hw, nmpu_flow, nmpu_verif)


class Simulator(StrEnum):
    VERILATOR = "verilator"
    """Two-state, compiled."""
    ICARUS = "icarus"
    """Four-state: what was never written is X."""


@dataclass(frozen=True)
class Build:
    """A built simulator, ready to run benches."""

    top: str
    simulator: Simulator
    folder: Path
    runner: Runner


def verilog_of(config: Config, top: str, make: Callable[[], Component]) -> Path:
    """The Verilog of ``make()`` as a file, emitted only if no file of the same sources and configuration is there."""
    digest = hashlib.sha256(f"{config.hash} {config.implementation} {top} {sorted(versions().items())}".encode())
    for package in _PACKAGES:
        for source in sorted(Path(package.__path__[0]).rglob("*")):
            if source.suffix in (".py", ".rdl", ".vlt") and not source.name.startswith("bench_"):
                digest.update(source.name.encode() + source.read_bytes())
    path = BUILD / "verilog" / digest.hexdigest()[:16] / f"{top}.v"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = path.with_suffix(f".{os.getpid()}")
        scratch.write_text(emit(make(), top, reset=config.implementation.reset), "utf-8")
        scratch.replace(path)
    return path


def build(
    verilog: Path,
    top: str,
    simulator: Simulator = Simulator.VERILATOR,
    waves: bool = False,
    block: str = "",
    more: Sequence[str] = (),
) -> Build:
    """Compile `verilog` for cocotb; a build of the same text, tools and options is reused.

    `more` are further options of the simulator's compiler.
    `block` is for Verilator and a netlist: a module with many instances, which is compiled once for all of them.
    Raises `InputError` where the simulator, or a tool it needs, is missing or too old.
    """
    folder, runner, options, environment = _tools(verilog, top, simulator, waves, block, more)
    made = Build(top, simulator, folder, runner)
    with _environment(environment), made_once(folder):
        # Also where it is built: the runner learns the top from this call, and compiles only what is not up to date.
        sources = [verilog.resolve()]
        if block:
            sources.insert(0, folder.resolve() / "blocks.vlt")
            # Once: a newer file would be compiled again.
            if not sources[0].is_file():
                sources[0].write_text(f'`verilator_config\nhier_block -module "{block}"\n', "utf-8")
        _compile(runner, sources, top, folder, options, waves)
    return made


def _compile(runner: Runner, sources: list[Path], top: str, folder: Path, options: list[str], waves: bool) -> None:
    log = folder.with_suffix(".log")
    try:
        runner.build(
            sources=sources,
            hdl_toplevel=top,
            build_dir=folder.resolve(),
            build_args=options,
            timescale=("1ns", "1ps"),
            waves=waves,
            log_file=log,
        )
    except (SystemExit, RuntimeError) as error:
        raise InputError(f"{top}: the simulator did not build ({error}); see {log}") from None


def _tools(
    verilog: Path, top: str, simulator: Simulator, waves: bool, block: str, more: Sequence[str]
) -> tuple[Path, Runner, list[str], dict[str, str]]:
    if simulator is Simulator.ICARUS:
        if icarus() is None:
            raise InputError("icarus: is not installed; install Debian's package iverilog")
        runner: Runner = Icarus()
        options = ["-g2005"]
        environment: dict[str, str] = {}
        version = str(icarus())
    else:
        require_compiler()
        _, environment = verilator()
        runner = _Blocks() if block else _PublicTop()
        options = ["-O3", "--x-assign", "fast", "--x-initial", "unique", "-Wno-fatal", "-Wno-lint", "-Wno-style"]
        # Small files and functions: the compiler's time grows faster than their size.
        options += ["--output-split", "5000", "--output-split-cfuncs", "500"]
        if block:
            options += ["--hierarchical"]
            # The compiler's optimiser takes minutes over gates, and gains little.
            environment["MAKEFLAGS"] += " OPT_FAST=-O1 OPT_SLOW=-O0"
        version = verilator_version()
    options += more
    text = f"{verilog.read_text('utf-8')} {top} {simulator} {version} {options} {waves} {metadata.version('cocotb')}"
    text += f" {block}" if block else ""
    key = hashlib.sha256(text.encode()).hexdigest()[:16]
    return BUILD / f"sim-{simulator}" / key, runner, options, environment


class _PublicTop(Verilator):
    """Makes only the top's signals visible: the stock runner's --public-flat-rw costs half the speed."""

    def _build_command(self) -> list[list[str]]:
        commands = [list(command) for command in super()._build_command()]
        at = commands[0].index("--public-flat-rw")
        commands[0][at : at + 1] = ["--public-depth", "1"]
        return commands


class _Blocks(_PublicTop):
    """Has the parts that are compiled on their own linked too."""

    def _build_command(self) -> list[list[str]]:
        commands = super()._build_command()
        commands[1][commands[1].index("Vtop.mk")] = "Vtop_hier.mk"
        return commands


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    """`values` in the environment, for a library that looks nowhere else."""
    before = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
