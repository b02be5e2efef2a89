"""The tree of components, each converted on its own, so that equal components become one module."""

import hashlib
import re
from dataclasses import dataclass
from typing import Any

from amaranth.back import rtlil
from amaranth.hdl import ClockDomain, ClockSignal, Fragment, Instance, ResetSignal, Value
from amaranth.hdl._ir import PortDirection
from amaranth.hdl._xfrm import TransformedElaboratable
from amaranth.lib import wiring

from nmpu_flow.errors import FlowError

TOP = "top"
"""What every component is called while it is converted: its text must not tell where it stands in the tree."""

_DOMAIN_PORTS = {"clk": ClockSignal("sync"), "rst": ResetSignal("sync")}
_RESET = r"\\rst\b"

Path = tuple[str, ...]


@dataclass(frozen=True)
class Converted:
    """The RTLIL of one component; a sub-component is an instance whose type is that component's `key`."""

    key: str
    text: str
    ports: tuple[str, ...]
    """Clock and reset, then those of the signature, in its order."""
    outputs: frozenset[str]
    places: list[Path]
    """Where components with this text stand."""


class Tree:
    """A component and all below it: one `Converted` for every different text, parents before their children.

    Amaranth's own conversion gives a module only the ports that its place in the design uses, named after the nets
    there, so that no two lanes are alike. Here every `wiring.Component` is converted with all the ports of its
    signature and stands in its parent as an instance. That is right only where signals cross a component's border
    through its ports; any that do not are found, and raise `FlowError`. Elaboratables that are not components, what is
    inside a transformer (`EnableInserter` and its like) stay part of the component around them.

    A component whose parent gave it a signal `gated_clock` is clocked by that, every other one by its parent's clock.
    With `asynchronous`, registers take the reset without waiting for the clock.
    """

    def __init__(self, component: wiring.Component, asynchronous: bool = False) -> None:
        self._asynchronous = asynchronous
        self._converted: dict[str, Converted] = {}
        self._homes: dict[int, tuple[Any, Path]] = {}
        """By id: the signal (kept, so that no other gets its id) and the component that it belongs to."""
        self._convert(component, Fragment.get(component, None), ())

    def converted(self) -> list[Converted]:
        return sorted(self._converted.values(), key=lambda one: (len(one.places[0]), one.places[0]))

    def _convert(self, component: wiring.Component, fragment: Fragment, path: Path) -> Instance:
        """Convert `component` and what is below it; the instance for its parent."""
        self._replace_children(fragment, path)
        ports = _ports(component)
        design = fragment.prepare(ports, missing_domain=lambda name: ClockDomain(name, async_reset=self._asynchronous))
        text, _ = rtlil.convert_fragment(design, name=TOP, emit_src=False)
        domain_ports = {name: signal for name, signal, _ in design.ports[len(ports) :]}
        if len(re.findall(_RESET, text)) == 1:
            # Its declaration: nothing in here has a reset.
            del domain_ports["rst"]
            text = re.sub(rf"^.*{_RESET}\n", "", text, flags=re.M)
        if unknown := domain_ports.keys() - _DOMAIN_PORTS.keys():
            raise FlowError(f"{'.'.join((TOP, *path))}: clock domain of {min(unknown)!r}: only 'sync' is supported")
        outer = {id(signal) for signal, _ in ports.values()} | {id(signal) for signal in domain_ports.values()}
        for info in design.fragments.values():
            for signal in info.used_signals:
                if id(signal) not in outer:
                    self._settle(signal, path)
        if path:
            for signal, _ in ports.values():
                self._settle(signal, path[:-1])
        key = hashlib.sha256(text.encode()).hexdigest()
        outputs = frozenset(name for name, (_, direction) in ports.items() if direction is PortDirection.Output)
        one = Converted(key, text, (*domain_ports, *ports), outputs, [])
        self._converted.setdefault(key, one).places.append(path)
        connections = [("o" if name in outputs else "i", name, signal) for name, (signal, _) in ports.items()]
        gated = getattr(component, "gated_clock", None)
        inputs = _DOMAIN_PORTS if gated is None else {**_DOMAIN_PORTS, "clk": gated}
        return Instance(key, *connections, *(("i", name, inputs[name]) for name in domain_ports))

    def _replace_children(self, fragment: Fragment, path: Path) -> None:
        """Put instances in the place of the components below `fragment`."""
        if _is_transformed(fragment):
            return
        for position, (child, name, src_loc) in enumerate(fragment.subfragments):
            # Memories, instances and I/O buffers are fragments of their own kinds.
            if type(child) is not Fragment or _is_transformed(child):
                continue
            origin = child.origins[0] if child.origins else None
            if isinstance(origin, wiring.Component):
                label = name or type(origin).__name__.lower()
                instance = self._convert(origin, child, (*path, label))
                fragment.subfragments[position] = (instance, label, src_loc)
            else:
                self._replace_children(child, path)

    def _settle(self, signal: Any, path: Path) -> None:
        """Note that `signal` belongs to the component at `path`, and to no other."""
        _, home = self._homes.setdefault(id(signal), (signal, path))
        if home != path:
            places = " and ".join(".".join((TOP, *place)) for place in (home, path))
            raise FlowError(f"signal {signal.name!r} is used in {places}: only ports may connect components")


def _is_transformed(fragment: Fragment) -> bool:
    return any(isinstance(origin, TransformedElaboratable) for origin in fragment.origins or ())


def _ports(component: wiring.Component) -> dict[str, tuple[Any, PortDirection]]:
    """The ports of the signature, named as Amaranth names them: a member b of a is ``a__b``."""
    return {
        "__".join(map(str, path)): (
            Value.cast(value),
            PortDirection.Input if member.flow == wiring.In else PortDirection.Output,
        )
        for path, member, value in component.signature.flatten(component)
    }
