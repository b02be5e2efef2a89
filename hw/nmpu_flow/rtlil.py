"""The pass over RTLIL text: plain names everywhere, and nothing that silicon does not have."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import takewhile

from nmpu_flow.hierarchy import TOP, Converted, Path
from nmpu_flow.identifiers import Namespace
from nmpu_spec.implementation import Implementation, Reset

_PUBLIC = re.compile(r"(?<!\S)\\(\S+)")
_WIRE = re.compile(r"  wire (?:.* )?\\(\S+)$")
_PORT = re.compile(r"  wire .*\b(?:input|output) \d+ ")


@dataclass
class _Module:
    """One module of RTLIL text. Its wires, memories and instances share one namespace, as in Verilog."""

    key: str
    places: list[Path]
    lines: list[str]
    ports: tuple[str, ...]
    outputs: frozenset[str]
    children: dict[str, str] = field(default_factory=dict)
    """Instance to key."""
    names: dict[str, str] = field(default_factory=dict)


def clean(converted: Iterable[Converted], name: str, reset: Reset) -> str:
    """The RTLIL of a whole design; `converted` begins with the top, which is then called `name`.

    Modules are called after their place in the hierarchy: ``top.lanes.lane_3.affine`` is ``<name>_affine``, with the
    parent's name in between where two different modules would be called the same. Ports and other identifiers are
    plain (`identifiers.plain`). Attributes (source positions, initial values of registers) and initial contents of
    memories are gone. The reset port is that of `reset`; an asynchronous one is turned over to be active low.
    """
    reset_port = Implementation(reset).reset_port
    modules = {module.key: module for one in converted for module in _split(one)}
    for module in modules.values():
        _name_contents(module, modules, reset_port)
    names = _module_names(list(modules.values()), name)
    return "\n".join(line for module in modules.values() for line in _rewritten(module, modules, names)) + "\n"


def _split(one: Converted) -> Iterator[_Module]:
    """The modules in a component's text: the component itself, and what is below it without being a component."""
    for block in re.split(r"^(?=module )", re.sub(r"^ *attribute .*\n", "", one.text, flags=re.M), flags=re.M)[1:]:
        lines = [line for line in block.splitlines() if line]
        inner = lines[0].removeprefix("module \\").split(".")[1:]
        places = [(*place, *inner) for place in one.places]
        ports = tuple(match[1] for line in lines if _PORT.match(line) and (match := _WIRE.match(line)))
        module = _Module(".".join((one.key, *inner)), places, lines, ports, frozenset())
        if not inner:
            module.ports, module.outputs = one.ports, one.outputs
        for position, line in enumerate(lines):
            if match := re.fullmatch(r"  cell \\(\S+) \\(\S+)", line):
                kind, instance = match.groups()
                if kind.startswith(f"{TOP}."):
                    kind = f"{one.key}{kind.removeprefix(TOP)}"
                lines[position] = f"  cell \\{kind} \\{instance}"
                module.children[instance] = kind
        yield module


def _name_contents(module: _Module, modules: dict[str, _Module], reset_port: str) -> None:
    """Choose a name for everything in `module`: ports first, then instances and what they drive, then the rest."""
    namespace = Namespace()
    wanted = {name: reset_port if name == "rst" else name for name in (*module.ports, *module.children)}
    instance: str | None = None
    for line in module.lines:
        if line.startswith("  cell "):
            instance = match[1] if (match := re.fullmatch(r"  cell \\\S+ \\(\S+)", line)) else None
        elif instance and (match := re.fullmatch(r"    connect \\(\S+) \\(\S+)(?: \[\d+(?::0)?\])?", line)):
            port, wire = match.groups()
            if port in modules[module.children[instance]].outputs:
                wanted.setdefault(wire, f"{instance}_{port}")
    for line in module.lines:
        if match := _WIRE.match(line) or re.match(r"  memory .* \\(\S+)$", line):
            wanted.setdefault(match[1], match[1])
    module.names = {old: namespace.take(new) for old, new in wanted.items()}


def _module_names(modules: list[_Module], name: str) -> dict[str, str]:
    """Key to name, the top's being `name`."""
    namespace = Namespace()
    names = {modules[0].key: namespace.take(name)}
    bases = {module.key: _base([place[-1] for place in module.places]) for module in modules[1:]}
    common = Counter(bases.values())
    for module in modules[1:]:
        base, place = bases[module.key], module.places[0]
        if common[base] > 1:
            # Siblings that only differ in their index keep it, others get their parent's name.
            indexed = {other.places[0][-1] for other in modules[1:] if bases[other.key] == base}
            parent = [_base([place[-2]])] if len(place) > 1 else []
            base = place[-1] if len(indexed) == common[base] else "_".join((*parent, base))
        names[module.key] = namespace.take(f"{name}_{base}")
    return names


def _base(elements: Iterable[str]) -> str:
    """The name that `elements` share, without index: ``lane`` for ``lane_0`` and ``lane_1``, ``memory`` for
    ``memory_affine`` and ``memory_norm``; the first one's where they have nothing in common.
    """
    bases = [re.sub(r"(?<=.)[_$]*\d+$", "", element).split("_") for element in elements]
    shared = [words[0] for words in takewhile(lambda words: len(set(words)) == 1, zip(*bases, strict=False))]
    return "_".join(shared or bases[0])


def _rewritten(module: _Module, modules: dict[str, _Module], names: dict[str, str]) -> Iterator[str]:
    """The module's lines with every name replaced, and without initial contents of memories."""
    ports: dict[str, str] | None = None
    skipping = False
    for line in module.lines:
        words = line.split()
        if line.startswith("  cell "):
            skipping = words[1].startswith("$meminit")
            child = modules.get(words[1].removeprefix("\\"))
            ports = child.names if child else None
        if not skipping:
            yield _rewritten_line(line, words, module, names, ports)
        skipping = skipping and line != "  end"


def _rewritten_line(
    line: str, words: list[str], module: _Module, names: dict[str, str], ports: dict[str, str] | None
) -> str:
    """`line` of `module`; `ports` are the names of a child's ports where it is in that child's instance."""

    def renamed(text: str) -> str:
        return _PUBLIC.sub(lambda match: f"\\{module.names[match[1]]}", text)

    if words[0] == "module":
        return f"module \\{names[module.key]}"
    if line.startswith("  cell "):
        return line if ports is None else f"  cell \\{names[words[1][1:]]} {renamed(words[2])}"
    if line.startswith("    connect "):
        _, port, value = line.split(maxsplit=2)
        # The ports of Yosys' own cells keep their names.
        return f"    connect {port if ports is None else chr(92) + ports[port[1:]]} {renamed(value)}"
    if words[0] == "parameter":
        if words[1] == "\\ARST_POLARITY":
            # Amaranth has active-high resets only, and no gates in their path.
            return "    parameter \\ARST_POLARITY 1'0"
        match = re.fullmatch(r'(    parameter \\MEMID "\\\\)(.*)"', line)
        return f'{match[1]}{module.names[match[2]]}"' if match else line
    if _PORT.match(line):
        # Yosys counts from 1.
        position = module.ports.index(words[-1][1:]) + 1
        line = re.sub(r"\b(input|output) \d+ ", rf"\1 {position} ", line)
    return renamed(line)
