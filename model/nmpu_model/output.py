"""Stage output: the run-time shift and the second compression make the code that leaves the unit."""

from nmpu_model.compress import Compressed, compress
from nmpu_model.types import Integers, Mask
from nmpu_spec.config import Config


def output(config: Config, t: Integers, shift: int, bits: int, signed: bool, mask: Mask) -> Compressed:
    """out = compression(t / 2**shift) in U(bits,0) or S(bits,0); t (vectors, columns) is overwritten."""
    target = config.code_format(bits, signed)
    return compress(t, config.output.compression, config.total_format, target, mask, shift)
