"""Timing a unit of many equal lanes without all of their gates: stand-ins with the same loads and registers."""

from nmpu_flow.library import Library
from nmpu_flow.netlist import Bit, Instance, Loads, Module, Netlist, Port


def lighten(netlist: Netlist, module: str, loads: Loads, clock: str = "clk") -> Netlist:
    """`netlist` with a stand-in for each instance of `module` but the first and the last of a parent.

    An input of a stand-in has the load of the original's (`loads`, from `nmpu_flow.fanout.buffer`), made of gate
    equivalents; an output comes straight from a register. The two originals show the paths in and through the module.
    """
    name = f"{module}_stand_in"
    modules = {}
    for parent, found in netlist.modules.items():
        places = [at for at, instance in enumerate(found.instances) if instance.of == module]
        instances = [
            Instance(instance.name, name, instance.pins) if at in places[1:-1] else instance
            for at, instance in enumerate(found.instances)
        ]
        modules[parent] = Module(found.name, found.ports, instances, found.nets)
    modules[name] = _stand_in(name, netlist, module, loads, clock)
    return Netlist(netlist.top, modules, netlist.library)


def _stand_in(name: str, netlist: Netlist, module: str, loads: Loads, clock: str) -> Module:
    library = netlist.library
    source = netlist.modules[module]
    flop = next(cell for cell in netlist.cells(module) if library.cells[cell].sequential)
    instances: list[Instance] = []
    ports = {port.name: Port(port.name, port.is_input, port.bits) for port in source.ports.values()}
    net = source.nets
    for port in ports.values():
        if not port.is_input:
            port.bits = list(range(net, net + len(port.bits)))
            net += len(port.bits)
            instances += [_flop(library, flop, bit, ports[clock].bits[0]) for bit in port.bits]
        elif port.name != clock:
            for bit, load in zip(port.bits, loads[module][port.name], strict=True):
                instances += _load(library, bit, round(load / library.unit_load))
    for number, instance in enumerate(instances):
        instance.name = f"stand_in_{number}"
    return Module(name, ports, instances, net)


def _flop(library: Library, cell: str, output: Bit, clock: Bit) -> Instance:
    pins: dict[str, list[Bit]] = {}
    edge = library.cells[cell].clock
    for pin in library.cells[cell].inputs:
        pins[pin] = [clock if pin == edge else "0"]
    return Instance("", cell, {**pins, library.cells[cell].outputs[0].name: [output]})


def _load(library: Library, bit: Bit, count: int) -> list[Instance]:
    first, *others = library.nand2.inputs
    return [Instance("", library.nand2.name, {first: [bit], **{pin: ["1"] for pin in others}}) for _ in range(count)]
