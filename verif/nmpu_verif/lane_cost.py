"""Area and clock of a configuration's lane alone."""

from dataclasses import dataclass

from nmpu_flow.library import Library
from nmpu_flow.synthesis import FAST, SMALL, Recipe
from nmpu_flow.timing import analyse
from nmpu_spec.config import Config
from nmpu_verif.netlists import lane_rtl, netlist


@dataclass(frozen=True)
class LaneCost:
    """A lane: data path, parameter memories, registers around them.

    small_um2, small_gates   every module by the recipe `SMALL`; gates are areas / the library's smallest two-input NAND
    fast_um2, period_ns      data path by `FAST`, the rest by `SMALL`, and the longest path from register to register
    """

    small_um2: float
    small_gates: float
    fast_um2: float
    period_ns: float


def lane_cost(config: Config, library: Library) -> LaneCost:
    """The lane of `config` in cells of `library`; its netlists are kept under ``build/``, by content.

    Raises `FlowError` for what Yosys or OpenSTA refuse, `InputError` where OpenSTA is not installed.
    """
    rtl = lane_rtl(config)
    recipes: dict[str, Recipe] = dict.fromkeys(rtl.modules, SMALL)
    small = netlist(rtl, library, recipes).area()
    fast = netlist(rtl, library, recipes | {rtl.tree[rtl.top]["path"]: FAST})
    return LaneCost(small, small / library.nand2.area, fast.area(), analyse(fast).period * 1e9)
