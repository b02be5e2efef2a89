"""A netlist of library cells: modules, instances and single-bit nets; its area, and its Verilog."""

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from nmpu_flow.errors import FlowError
from nmpu_flow.identifiers import Namespace
from nmpu_flow.library import Library

Bit = int | str
"""A net's number within its module, or the constant ``0``, ``1`` or ``x``."""


Loads = Mapping[str, Mapping[str, list[float]]]
"""Farad at the inputs of modules: module to port to one for each bit."""


@dataclass
class Instance:
    """`of` is a cell of the library or a module."""

    name: str
    of: str
    pins: dict[str, list[Bit]]


@dataclass
class Port:
    name: str
    is_input: bool
    bits: list[Bit]


@dataclass
class Module:
    """Instances have plain names; that of a flop begins with the name of the net that it drives."""

    name: str
    ports: dict[str, Port]
    instances: list[Instance]
    nets: int
    """A net number that is free, like all above it."""

    def counts(self) -> Counter[str]:
        """How often each cell or module is instantiated here."""
        return Counter(instance.of for instance in self.instances)


@dataclass(frozen=True)
class Netlist:
    """Modules by name; `top` is one of them."""

    top: str
    modules: Mapping[str, Module]
    library: Library

    def cells(self, module: str | None = None) -> Counter[str]:
        """How many of each library cell `module` (default: the top) is made of."""
        total: Counter[str] = Counter()
        for name, count in self.modules[module or self.top].counts().items():
            inner = self.cells(name) if name in self.modules else Counter({name: 1})
            for cell, number in inner.items():
                total[cell] += count * number
        return total

    def area(self, module: str | None = None) -> float:
        return self._area(self.cells(module), sequential_only=False)

    def sequential_area(self, module: str | None = None) -> float:
        return self._area(self.cells(module), sequential_only=True)

    def own_area(self, module: str, sequential_only: bool = False) -> float:
        """Of the module's own cells, without the modules inside it."""
        own = {name: count for name, count in self.modules[module].counts().items() if name not in self.modules}
        return self._area(own, sequential_only)

    def flops(self, module: str | None = None) -> int:
        """Sequential cells."""
        known = self.library.cells
        return sum(count for cell, count in self.cells(module).items() if known[cell].sequential)

    def bottom_up(self) -> list[str]:
        """The modules that the top needs, each after those that it instantiates."""
        order: dict[str, None] = {}

        def visit(name: str) -> None:
            for inner in self.modules[name].counts():
                if inner in self.modules and inner not in order:
                    visit(inner)
            order[name] = None

        visit(self.top)
        return list(order)

    def verilog(self) -> str:
        return "\n".join(_verilog(self.modules[name]) for name in self.bottom_up())

    def _area(self, cells: Mapping[str, int], sequential_only: bool) -> float:
        known = self.library.cells
        return sum(
            count * known[cell].area for cell, count in cells.items() if known[cell].sequential or not sequential_only
        )


def read_json(text: str, library: Library, known: Collection[str] = ()) -> dict[str, Module]:
    """The modules of what Yosys' write_json wrote; the modules `known` may be instantiated and need not be there.

    Raises `FlowError` for a gate that the library has no cell for.
    """
    design: dict[str, Any] = json.loads(text)["modules"]
    outside = {*library.cells, *known}
    # The cells that are used appear too, as empty modules.
    return {name: _module(name, found, {*outside, *design}) for name, found in design.items() if name not in outside}


def gate_types(text: str) -> set[str]:
    """The types of Yosys' own gates in what its write_json wrote, such as ``$_AND_``."""
    modules = json.loads(text)["modules"].values()
    return {cell["type"] for module in modules for cell in module["cells"].values() if cell["type"].startswith("$_")}


def _module(name: str, found: dict[str, Any], known: Collection[str]) -> Module:
    scope = Namespace()
    ports = {
        port: Port(scope.take(port), about["direction"] == "input", about["bits"])
        for port, about in found["ports"].items()
    }
    instances = []
    for cell, about in found["cells"].items():
        if about["type"] not in known:
            raise FlowError(f"{name}: the library has no cell for {about['type']}")
        # The flops' names are net, then "$_DFF_...".
        instances.append(Instance(scope.take(cell.split("$_")[0]), about["type"], about["connections"]))
    used = [port.bits for port in ports.values()] + [bits for cell in instances for bits in cell.pins.values()]
    return Module(
        name, ports, instances, 1 + max((bit for bits in used for bit in bits if isinstance(bit, int)), default=1)
    )


def _verilog(module: Module) -> str:
    scope = Namespace()
    for name in [*(port.name for port in module.ports.values()), *(instance.name for instance in module.instances)]:
        scope.take(name)
    names: dict[Bit, str] = {constant: f"1'b{constant}" for constant in "01x"}
    lines, aliases = [], []
    for port in sorted(module.ports.values(), key=lambda port: not port.is_input):
        width = f" [{len(port.bits) - 1}:0]" if len(port.bits) > 1 else ""
        lines.append(f"  {'input' if port.is_input else 'output'}{width} {port.name};")
        for place, bit in enumerate(port.bits):
            here = f"{port.name}[{place}]" if width else port.name
            if names.setdefault(bit, here) != here:
                aliases.append(f"  assign {here} = {names[bit]};")
    for instance in module.instances:
        pins = []
        for pin, bits in instance.pins.items():
            for bit in bits:
                if bit not in names:
                    names[bit] = scope.take(f"n_{bit}")
                    lines.append(f"  wire {names[bit]};")
            texts = [names[bit] for bit in reversed(bits)]
            pins.append(f".{pin}({texts[0] if len(texts) == 1 else '{' + ', '.join(texts) + '}'})")
        aliases.append(f"  {instance.of} {instance.name} ({', '.join(pins)});")
    header = f"module {module.name} ({', '.join(port.name for port in module.ports.values())});"
    return "\n".join([header, *lines, *aliases, "endmodule", ""])


def loads(module: Module, library: Library, inner: Loads) -> dict[Bit, float]:
    """Farad on each net of `module`, wires not counted; `inner`: those at the input pins of the modules inside it."""
    found: dict[Bit, float] = {}
    for _, _, bit, load in sinks(module, library, inner):
        found[bit] = found.get(bit, 0.0) + load
    return found


def sinks(module: Module, library: Library, inner: Loads) -> Iterator[tuple[Instance, tuple[str, int], Bit, float]]:
    """Every input pin of the instances: the instance, pin and place, its net, its capacitance in farad."""
    for instance in module.instances:
        if instance.of in library.cells:
            pins = library.cells[instance.of].pins
            for pin, bits in instance.pins.items():
                if pins[pin].direction == "input":
                    yield instance, (pin, 0), bits[0], pins[pin].capacitance
        else:
            for pin, farads in inner[instance.of].items():
                for place, bit in enumerate(instance.pins.get(pin, [])):
                    yield instance, (pin, place), bit, farads[place]
