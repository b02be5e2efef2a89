"""A netlist as a simulator: zero delay, clock by clock, many copies at once, and how often each net toggles."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from nmpu_flow.cell_function import expression
from nmpu_flow.errors import FlowError
from nmpu_flow.liberty import Group
from nmpu_flow.library import Library
from nmpu_flow.netlist import Bit, Instance, Netlist

_LINES = 2000
"""Statements in one function: Python's compiler slows down on long ones."""


_Line = tuple[int, str, str, list[int]]
"""A net, the expression of its value, the cell that drives it, the nets that it depends on."""


@dataclass(frozen=True)
class Flat:
    """Every cell of a netlist, by its instance path, on nets of one scope; the top's ports by name."""

    cells: list[Instance]
    ports: dict[str, list[Bit]]
    nets: int


def flatten(netlist: Netlist) -> Flat:
    """The netlist without its modules."""
    cells: list[Instance] = []
    count = 0

    def visit(name: str, place: str, outside: Mapping[Bit, Bit]) -> None:
        nonlocal count
        nets = dict(outside)
        for instance in netlist.modules[name].instances:
            pins = {}
            for pin, bits in instance.pins.items():
                for bit in bits:
                    if bit not in nets:
                        nets[bit], count = count, count + 1
                pins[pin] = [nets[bit] for bit in bits]
            if instance.of in netlist.modules:
                ports = netlist.modules[instance.of].ports
                inner: dict[Bit, Bit] = {"0": "0", "1": "1", "x": "0"}
                for pin, bits in pins.items():
                    inner |= dict(zip(ports[pin].bits, bits, strict=True))
                visit(instance.of, f"{place}{instance.name}/", inner)
            else:
                cells.append(Instance(f"{place}{instance.name}", instance.of, pins))

    nets: dict[Bit, Bit] = {"0": "0", "1": "1", "x": "0"}
    top = netlist.modules[netlist.top]
    for port in top.ports.values():
        for bit in port.bits:
            if bit not in nets:
                nets[bit], count = count, count + 1
    visit(netlist.top, "", nets)
    return Flat(cells, {port.name: [nets[bit] for bit in port.bits] for port in top.ports.values()}, count)


class GateSimulator:
    """`copies` of the netlist run side by side, each on a bit of Python's integers, with zero delay.

    values     of each net: bit i is that of copy i
    toggles    how often each net changed in `settle(count=True)`, all copies together; there are no glitches
    state      of each flop; `registers`: their places by name

    The clock is implied. `still` names ports and flops that keep their value from `load` on: what depends on nothing
    else is left alone. Raises `FlowError` for a flop whose set or reset is not tied off, for a cell without function,
    and for a loop of gates.
    """

    def __init__(self, netlist: Netlist, copies: int, still: Collection[str] = ()) -> None:
        self.flat = flatten(netlist)
        self.copies = copies
        self.values = [0] * self.flat.nets
        self.toggles = [0] * self.flat.nets
        self._library = netlist.library
        self._ones = (1 << copies) - 1
        still = frozenset(still)
        flops = [cell for cell in self.flat.cells if self._library.cells[cell.of].sequential]
        self.registers = {cell.name: number for number, cell in enumerate(flops)}
        self.state = [0] * len(flops)
        # Some flops store, and some deliver, the complement.
        self._inverting = [
            _flop(self._library, cell).attributes["next_state"].strip(" (").startswith("!") for cell in flops
        ]
        lines = [*self._outputs(flops), *self._gates()]
        live = {bit for port, bits in self.flat.ports.items() if port not in still for bit in bits}
        live |= {net for net, _, cell, _ in lines if cell in self.registers and cell not in still}
        moving = []
        for line in lines:
            if line[0] in live or not live.isdisjoint(line[3]):
                live.add(line[0])
                moving.append(line)
        self._all = _compiled("v[{0}] = {1}", lines)
        self._moving = _compiled("v[{0}] = {1}", moving)
        self._counted = _compiled("n = {1}; t[{0}] += (n ^ v[{0}]).bit_count(); v[{0}] = n", moving)
        self._moved = [number for number, cell in enumerate(flops) if cell.name not in still]
        self._next = self._next_states([flops[number] for number in self._moved])

    def load(self, state: Mapping[str, int], inputs: Mapping[str, list[int]]) -> None:
        """Set flops by name to what was at their data input, and inputs; let every net take its value."""
        for name, value in state.items():
            number = self.registers[name]
            self.state[number] = value ^ self._ones if self._inverting[number] else value
        self._set(inputs, count=False)
        for part in self._all:
            part(self.values, self.toggles, self.state, self._ones)

    def settle(self, inputs: Mapping[str, list[int]], count: bool = False) -> None:
        """Set inputs, a list of bits for each port (lowest first), and let the nets take their values."""
        self._set(inputs, count)
        for part in self._counted if count else self._moving:
            part(self.values, self.toggles, self.state, self._ones)

    def clock(self) -> None:
        """One clock edge, for what `settle` made of the flops' inputs."""
        values = [value for part in self._next for value in part(self.values, self.toggles, self.state, self._ones)]
        for number, value in zip(self._moved, values, strict=True):
            self.state[number] = value

    def _set(self, inputs: Mapping[str, list[int]], count: bool) -> None:
        for port, bits in inputs.items():
            for net, value in zip(self.flat.ports[port], bits, strict=True):
                assert isinstance(net, int), "a port of a flat netlist is a net"
                if count:
                    self.toggles[net] += (self.values[net] ^ value).bit_count()
                self.values[net] = value

    def read(self, port: str) -> list[int]:
        """The bits of a port, lowest first."""
        return [
            self.values[bit] if isinstance(bit, int) else self._ones * (bit == "1") for bit in self.flat.ports[port]
        ]

    def _outputs(self, flops: list[Instance]) -> Iterator[_Line]:
        for number, cell in enumerate(flops):
            kind, group = self._library.cells[cell.of], _flop(self._library, cell)
            known = {group.arguments[0]: f"s[{number}]", group.arguments[1]: f"(ones ^ s[{number}])"}
            for pin in kind.outputs:
                net = cell.pins.get(pin.name, [""])[0]
                if isinstance(net, int):
                    yield net, expression(pin.function, known.__getitem__), cell.name, []

    def _gates(self) -> Iterator[_Line]:
        """Every gate after those that it depends on."""
        gates: dict[int, _Line] = {}
        for cell in self.flat.cells:
            kind = self._library.cells[cell.of]
            for pin in () if kind.sequential else kind.outputs:
                net = cell.pins.get(pin.name, [""])[0]
                if not isinstance(net, int):
                    continue
                if not pin.function:
                    raise FlowError(f"{cell.name}: the library gives no function for {cell.of}")
                needs = [bit for name in kind.inputs for bit in cell.pins.get(name, []) if isinstance(bit, int)]
                gates[net] = net, expression(pin.function, _namer(cell)), cell.name, needs
        done: set[int] = set()
        for start in gates:
            stack, path = [start], set[int]()
            while stack:
                net = stack[-1]
                waiting = [need for need in gates[net][3] if need in gates and need not in done]
                if net in done or not waiting:
                    stack.pop()
                    path.discard(net)
                    if net not in done:
                        done.add(net)
                        yield gates[net]
                elif net in path:
                    raise FlowError(f"{gates[net][2]}: is in a loop of gates")
                else:
                    path.add(net)
                    stack += waiting

    def _next_states(self, flops: list[Instance]) -> list[Callable[..., Any]]:
        texts = []
        for cell in flops:
            number = self.registers[cell.name]
            group = _flop(self._library, cell)
            for pin in ("clear", "preset"):
                if pin in group.attributes and _constant(group.attributes[pin], cell) != 0:
                    raise FlowError(f"{cell.name}: {pin} of {cell.of} is not tied off")
            own = {group.arguments[0]: f"s[{number}]", group.arguments[1]: f"(ones ^ s[{number}])"}
            texts.append(expression(group.attributes["next_state"], _namer(cell, own)))
        parts = [texts[at : at + _LINES] for at in range(0, len(texts), _LINES)]
        return [_function([f"    return [{', '.join(part)}]"]) for part in parts]


def _flop(library: Library, cell: Instance) -> Group:
    """What the library says of a flop; raises `FlowError` for another sequential cell."""
    found = list(library.cells[cell.of].group.of("ff"))
    if len(found) != 1:
        raise FlowError(f"{cell.name}: {cell.of} is no flop; latches are not simulated")
    return found[0]


def _compiled(form: str, lines: list[_Line]) -> list[Callable[..., Any]]:
    texts = [f"    {form.format(net, text)}" for net, text, _, _ in lines]
    return [_function(texts[at : at + _LINES]) for at in range(0, len(texts), _LINES)]


def _namer(cell: Instance, own: Mapping[str, str] | None = None) -> Callable[[str], str]:
    """What stands for a pin of `cell` in a statement."""

    def name(pin: str) -> str:
        if own and pin in own:
            return own[pin]
        bit = pin if pin in ("0", "1") else cell.pins[pin][0]
        return f"v[{bit}]" if isinstance(bit, int) else "ones" if bit == "1" else "0"

    return name


def _constant(function: str, cell: Instance) -> int | None:
    """The value of a function of pins that are all tied off, otherwise None."""
    text = expression(function, _namer(cell))
    return None if "v[" in text else int(eval(text, {"ones": 1}))


def _function(lines: list[str]) -> Callable[..., Any]:
    scope: dict[str, Any] = {}
    exec("\n".join(["def step(v, t, s, ones):", *lines]), scope)
    step: Callable[..., Any] = scope["step"]
    return step
