"""The tape-out check: everything that is handed over for a configuration, looked at step by step."""

import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from nmpu_flow.errors import FlowError
from nmpu_flow.fanout import buffer
from nmpu_flow.library import Library
from nmpu_flow.package import write_package
from nmpu_flow.standin import lighten
from nmpu_flow.synthesis import SMALL
from nmpu_flow.tools import versions
from nmpu_hw.nmpu import Nmpu
from nmpu_spec.config import Config
from nmpu_verif.netlists import netlist, prepare, unit_rtl
from nmpu_verif.tapeout import lint
from nmpu_verif.tapeout.check import Check
from nmpu_verif.tapeout.collateral import check_collateral
from nmpu_verif.tapeout.equivalence import check_equivalence
from nmpu_verif.tapeout.netlist_bench import netlist_bench
from nmpu_verif.tapeout.report import Report
from nmpu_verif.tapeout.rows import Row
from nmpu_verif.tapeout.rtl_bench import rtl_checks
from nmpu_verif.tapeout.sdc import check_sdc
from nmpu_verif.tapeout.synthesis import netlist_checks

Progress = Callable[[str, int, int], None]
"""Called with what is done, the steps done, and their number (0: not known)."""


def check_tapeout(config: Config, argument: str, libraries: Sequence[Library], progress: Progress) -> Report:
    """Every step for the unit of `config`, and those on the netlist for each of `libraries`.

    `argument` is what `nmpu_spec.load.load` made `config` of.
    Raises `InputError` where the package cannot be written, and `FlowError` where there is no netlist.
    """
    with tempfile.TemporaryDirectory(prefix="nmpu_tapeout_") as name:
        folder = Path(name) / "package"
        progress("package", 0, 0)
        write_package(Nmpu(config), config, folder)
        rows = list(_package_rows(config, argument, folder, progress))
        for library in libraries:
            rows += [
                replace(row, step=f"{row.step}: {library.name}")
                for row in _rows_in_cells(config, argument, folder, library, progress)
            ]
    return Report(config.name, config.hash, rows)


def _package_rows(config: Config, argument: str, folder: Path, progress: Progress) -> Iterator[Row]:
    for check in (SAME_BYTES, SAME_MODULES, *lint.CHECKS):
        progress(check.step, 0, 0)
        yield check.row(folder, config)
    yield from check_collateral(folder, config, progress)
    for check in rtl_checks(argument):
        progress(check.step, 0, 0)
        yield check.row(folder, config)


def _rows_in_cells(config: Config, argument: str, folder: Path, library: Library, progress: Progress) -> Iterator[Row]:
    if config.implementation.clock_gates:
        how = "the clock gate is the library's: check the same configuration with clock_gates = 0"
        yield Row("netlist", "", how, None, "not synthesised", 0.0)
        return
    rtl = unit_rtl(config)
    recipes = dict.fromkeys(rtl.modules, SMALL)
    progress("synthesis", 0, 0)
    prepare([(rtl, name, SMALL) for name in rtl.modules], library, progress)
    unit = netlist(rtl, library, recipes)
    loads = buffer(unit)
    timed = lighten(unit, rtl.lane, loads)
    for check in netlist_checks(unit, timed):
        progress(check.step, 0, 0)
        yield check.row(folder, config)
    progress("nmpu.sdc", 0, 0)
    yield check_sdc(folder, timed, config)
    progress("equivalence", 0, 0)
    yield from check_equivalence(config, rtl, unit, SMALL, progress)
    check = netlist_bench(unit, rtl, argument)
    progress(check.step, 0, 0)
    yield check.row(folder, config)


def _same_bytes(folder: Path, config: Config) -> str:
    with tempfile.TemporaryDirectory(prefix="nmpu_again_") as name:
        again = Path(name) / "in" / "another"
        write_package(Nmpu(config), config, again)
        both = [{path.relative_to(at): path for path in at.rglob("*") if path.is_file()} for at in (folder, again)]
        if both[0].keys() != both[1].keys():
            raise FlowError(f"{min(both[0].keys() ^ both[1].keys())}: is there once")
        for path, file in sorted(both[0].items()):
            if file.read_bytes() != both[1][path].read_bytes():
                raise FlowError(f"{path}: differs")
    return f"{len(both[0])} files, {sum(file.stat().st_size for file in both[0].values()):,} bytes"


def _same_modules(folder: Path, config: Config) -> str:
    found = _modules("".join(path.read_text("utf-8") for path in folder.glob("*.v")))
    wanted = _modules(unit_rtl(config).verilog)
    if found != wanted:
        names = {name for name in found.keys() | wanted.keys() if found.get(name) != wanted.get(name)}
        raise FlowError(f"module {min(names)}: not the one that is synthesised")
    return f"{len(found)} modules"


def _modules(verilog: str) -> dict[str, str]:
    return {match[1]: match[0] for match in re.finditer(r"^module (\w+)\(.*?^endmodule$", verilog, re.M | re.S)}


SAME_BYTES = Check(
    "package", lambda: f"nmpu {versions()['nmpu']}", "written twice, to different folders: the same bytes", _same_bytes
)
SAME_MODULES = Check(
    "package: RTL", lambda: f"nmpu {versions()['nmpu']}", "the modules that the steps below synthesise", _same_modules
)
