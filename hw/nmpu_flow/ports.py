"""The ports of a component, as its Verilog has them, and what they mean."""

import re
from dataclasses import dataclass

from amaranth.hdl import Shape, ShapeLike
from amaranth.lib import data, wiring

from nmpu_flow.errors import FlowError
from nmpu_flow.identifiers import plain

_PORT = re.compile(r"^  (input|output) (?:signed )?(?:\[(\d+):0\] )?(\w+);", re.M)
_APB = ("psel", "penable", "pwrite", "paddr", "pwdata", "pstrb", "pprot", "pready", "prdata", "pslverr")
_MEANINGS = {
    "clk": "clock, rising edge",
    "rst": "reset, synchronous, active high",
    "rst_n": "reset, asynchronous, active low; its release is synchronous to the clock",
    "scan_enable": "opens every clock gate",
    "adc_valid": "a vector is offered",
    "adc_ready": "the offered vector is taken, with its last group",
    "adc_payload": "one vector, unchanged from valid until ready",
    "rx_valid": "a group of residual codes is offered",
    "rx_ready": "the offered residual codes are taken",
    "rx_payload": "residual codes of one group, and its place in the vector",
    "out_valid": "a group of output codes is offered",
    "out_ready": "the sink takes the offered output codes",
    "out_payload": "output codes of one group, and its place in the vector",
    "active_bank": "the bank that the next group uses",
    "busy": "as STATUS.busy",
    **{f"apb_{name}": f"APB4 {name.upper()}" for name in _APB},
}


@dataclass(frozen=True)
class Port:
    name: str
    direction: str
    """``input`` or ``output``."""
    width: int
    meaning: str
    """For a port with parts, also where their bits are."""


def ports(component: wiring.Component, verilog: str, top: str) -> list[Port]:
    """The ports of module `top` in `verilog`, which was emitted from `component`; inputs and outputs in its order."""
    module = re.search(rf"^module {re.escape(top)}\(.*?^endmodule", verilog, re.M | re.S)
    if module is None:
        raise FlowError(f"{top}: no such module in the Verilog")
    members = component.signature.flatten(component)
    shapes = {plain("_".join(map(str, path))): member.shape for path, member, _ in members}
    found = []
    for direction, high, name in _PORT.findall(module[0]):
        bits = _layout(shapes[name]) if name in shapes else ""
        meaning = ": ".join(part for part in (_MEANINGS.get(name, ""), bits) if part)
        found.append(Port(name, direction, int(high or 0) + 1, meaning))
    return found


def _layout(shape: ShapeLike) -> str:
    """Where the bits of a layout's parts are; nothing for a plain number."""
    if isinstance(shape, data.ArrayLayout):
        part = _layout(shape.elem_shape) or _number(shape.elem_shape)
        return f"{shape.length} x ({part}), element 0 lowest"
    if isinstance(shape, data.Layout):
        parts = []
        for name, field in shape:
            bits = f"{field.offset + field.width - 1}:{field.offset}" if field.width > 1 else str(field.offset)
            inner = _layout(field.shape)
            parts.append(f"{name} [{bits}]" + (f" = {inner}" if inner else ""))
        return ", ".join(parts)
    return ""


def _number(shape: ShapeLike) -> str:
    cast = Shape.cast(shape)
    return f"{cast.width} bits{', signed' if cast.signed else ''}"
