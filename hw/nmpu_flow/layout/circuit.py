"""The netlist as layout tools take it: flat, every port bit a net of its own, power and ground as nets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nmpu_flow.errors import FlowError
from nmpu_flow.library import Library
from nmpu_flow.netlist import Bit, Instance, Module

POWER, GROUND = "vdd", "gnd"
FILLER = "FILL"


@dataclass(frozen=True)
class Gate:
    """`pins`: signal pin to net; power and ground are not among them."""

    name: str
    cell: str
    pins: dict[str, str]


@dataclass(frozen=True)
class Circuit:
    """`inputs` and `outputs` are ports of one bit, each the net of its name."""

    name: str
    inputs: list[str]
    outputs: list[str]
    gates: list[Gate]

    @property
    def nets(self) -> set[str]:
        """The nets that join something, power and ground not counted."""
        return {net for gate in self.gates for net in gate.pins.values()} - {POWER, GROUND}

    def blif(self) -> str:
        """What placement begins with. BLIF names no instances: they are in the order of `gates`."""
        lines = [f".model {self.name}", f".inputs {' '.join(self.inputs)}", f".outputs {' '.join(self.outputs)}"]
        for gate in self.gates:
            lines.append(f".gate {gate.cell} {' '.join(f'{pin}={net}' for pin, net in gate.pins.items())}")
        return "\n".join([*lines, ".end", ""])

    def spice(self, interfaces: Mapping[str, Sequence[str]]) -> str:
        """The schematic that the layout is compared with: cells are black boxes, their pins in the order given.

        Raises `FlowError` where `interfaces` does not have a cell with just the pins that are used here.
        """
        lines = []
        for cell, pins in sorted({gate.cell: gate.pins for gate in self.gates}.items()):
            if set(interfaces.get(cell, ())) != {*pins, POWER, GROUND}:
                raise FlowError(f"{cell}: the layout's cell has other pins than the library's")
            lines += [f".subckt {cell} {' '.join(interfaces[cell])}", ".ends"]
        lines.append(f".subckt {self.name} {' '.join([POWER, GROUND, *self.inputs, *self.outputs])}")
        for gate in self.gates:
            wires = {**gate.pins, POWER: POWER, GROUND: GROUND}
            lines.append(f"X{gate.name} {' '.join(wires[pin] for pin in interfaces[gate.cell])} {gate.cell}")
        return "\n".join([*lines, ".ends", ""])


def one_net_each(module: Module, library: Library) -> None:
    """Put a buffer before every output bit that has the net of another port bit, or a constant; changes `module`.

    A layout has no other name for a net, and the library no cell that ties a port to power or ground.
    """
    cell, taken = library.buffer, set[Bit]()
    for port in sorted(module.ports.values(), key=lambda port: not port.is_input):
        for place, bit in enumerate(port.bits):
            if bit in taken or isinstance(bit, str):
                net, module.nets = module.nets, module.nets + 1
                pins: dict[str, list[Bit]] = {cell.inputs[0]: [bit], cell.outputs[0].name: [net]}
                module.instances.append(Instance(f"port_{port.name}_{place}", cell.name, pins))
                port.bits[place] = net
            taken.add(port.bits[place])


def circuit(module: Module) -> Circuit:
    """`module`, which `one_net_each` went over, and in which all instances are cells of the library."""
    names: dict[Bit, str] = {"0": GROUND, "1": POWER}
    ports: dict[bool, list[str]] = {True: [], False: []}
    for port in module.ports.values():
        for place, bit in enumerate(port.bits):
            names[bit] = port.name if len(port.bits) == 1 else f"{port.name}[{place}]"
            ports[port.is_input].append(names[bit])
    gates = []
    for instance in module.instances:
        if any(bits == ["x"] for bits in instance.pins.values()):
            raise FlowError(f"{module.name}: {instance.name} has an undefined input")
        pins = {pin: names.setdefault(bits[0], f"n_{bits[0]}") for pin, bits in instance.pins.items()}
        gates.append(Gate(instance.name, instance.of, pins))
    return Circuit(module.name, ports[True], ports[False], gates)
