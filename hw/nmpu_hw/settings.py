"""The run-time settings of a layer, as wires."""

from amaranth.lib import data

from nmpu_hw.fixed import shape
from nmpu_spec.config import CODE_BITS, Config


def layer_settings(config: Config) -> data.StructLayout:
    """The fields of the registers ``bank[b].layer`` and ``bank[b].rx_scale``, by their names there."""
    return data.StructLayout(
        {
            "relu_1": 1,
            "relu_2": 1,
            "rx_on": 1,
            "rx_signed": 1,
            "out_signed": 1,
            "out_width": range(len(CODE_BITS) + 1),
            "shift": config.output.shift_bits,
            "rx_scale": shape(config.residual.scale),
        }
    )
