"""Buffers for nets whose load is too large, which logic synthesis does not see: those that cross modules."""

from nmpu_flow.library import Library
from nmpu_flow.netlist import Bit, Instance, Loads, Module, Netlist, loads, sinks

MOST_LOADS = 16
"""A net gets buffers where it drives more than so many `Library.unit_load`; each of them drives no more either."""


def buffer(netlist: Netlist, clock: str = "clk") -> Loads:
    """Divide every net with a larger load among buffers, in as many levels as it takes; changes the modules.

    Returns the loads at every module's inputs. The clock is taken as ideal.
    """
    inner: dict[str, dict[str, list[float]]] = {}
    library = netlist.library
    for name in netlist.bottom_up():
        module = netlist.modules[name]
        clocks = {bit for port in module.ports.values() if port.name == clock for bit in port.bits}
        while _divide(module, library, inner, clocks):
            pass
        found = loads(module, library, inner)
        inner[name] = {
            port.name: [found.get(bit, 0.0) for bit in port.bits] for port in module.ports.values() if port.is_input
        }
    return inner


def _divide(module: Module, library: Library, inner: Loads, clocks: set[Bit]) -> bool:
    """One level of buffers; returns whether there was a net that needed some."""
    most = MOST_LOADS * library.unit_load
    cell = library.strong_buffer
    source, target = cell.inputs[0], cell.outputs[0].name
    groups: dict[Bit, list[tuple[float, list[tuple[Instance, tuple[str, int]]]]]] = {}
    found = loads(module, library, inner)
    for instance, place, bit, load in sinks(module, library, inner):
        if isinstance(bit, str) or bit in clocks or found[bit] <= most:
            continue
        known = groups.setdefault(bit, [])
        if not known or known[-1][0] + load > most:
            known.append((0.0, []))
        known[-1] = (known[-1][0] + load, [*known[-1][1], (instance, place)])
    for bit, parts in groups.items():
        if len(parts) < 2:
            continue
        for number, (_, targets) in enumerate(parts):
            net, module.nets = module.nets, module.nets + 1
            module.instances.append(Instance(f"fanout_{bit}_{net}_{number}", cell.name, {source: [bit], target: [net]}))
            for instance, (pin, at) in targets:
                instance.pins[pin][at] = net
    return any(len(parts) > 1 for parts in groups.values())
