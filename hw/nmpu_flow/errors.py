"""What goes wrong between the RTL and its Verilog."""


class FlowError(RuntimeError):
    """A tool of the flow refused its input, or the flow found that its own output would be wrong; told in one line.

    Unlike `nmpu_spec.errors.InputError` it is not the user's mistake: the message names the tool and what it said.
    """
