"""A flop without its storage: outputs and next state as functions of its inputs and of the state."""

from nmpu_flow.cell_function import expression
from nmpu_flow.errors import FlowError
from nmpu_flow.library import Cell

STATE, NEXT = "held_state", ("next_state", "clocked_on", "clear", "preset")
"""Ports of `next_state` beside the cell's own pins: the state; what becomes of it."""


def name_of(cell: Cell) -> str:
    """Of the module that `next_state` writes."""
    return f"without_state_{cell.name}"


def next_state(cell: Cell) -> str:
    """The Verilog of the flop `cell`, with `STATE` as an input and `NEXT` as outputs.

    Raises `FlowError` for what is no flop of one bit.
    """
    flop = next(cell.group.of("ff"), None)
    if flop is None:
        raise FlowError(f"{cell.name}: no flop, so there is no next state to compare")
    state, inverted = flop.arguments
    names = {state: STATE, inverted: f"(~{STATE})", "0": "1'b0", "1": "1'b1"}

    def verilog(function: str) -> str:
        return expression(function, lambda pin: names.get(pin, pin))

    outputs = {pin.name: verilog(pin.function) for pin in cell.outputs}
    outputs |= {end: verilog(flop.attributes.get(end, "0")) for end in NEXT}
    ports = [*cell.inputs, STATE, *outputs]
    lines = [
        f"module {name_of(cell)} ({', '.join(ports)});",
        f"  input {', '.join([*cell.inputs, STATE])};",
        f"  output {', '.join(outputs)};",
        "  wire ones = 1'b1;",
        *(f"  assign {pin} = {text};" for pin, text in outputs.items()),
        "endmodule",
    ]
    return "\n".join(lines) + "\n"
