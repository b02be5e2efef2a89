"""What a batch consists of: a program and codes, from the campaign's seed and the batch's number alone."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nmpu_model.program import Program
from nmpu_model.stimulus import integers
from nmpu_model.traffic import Traffic, random_program
from nmpu_spec.config import AdcMode, Config
from nmpu_spec.formats import Format

SLICE = 1 << 18
"""Column results that are worked on at a time: they stay in the cache."""
KINDS = ("anywhere", "small", "near", "ends")
"""How the codes of a batch's slices are drawn: uniform; with fewer bits, as many as the column says; the second counter
close to the first; half of them from the ends of the format."""


def draw_program(config: Config, seed: int, number: int) -> Program:
    """`nmpu_model.traffic.random_program`, where every second batch aims at the inside of the output format.

    There the shift and the rx scale leave numbers that the code can hold, and half of the columns have such a gain
    and bias.
    """
    stream = f"campaign/{number}"
    program = random_program(config, seed, stream)
    if number % 2:
        return program
    columns, total = config.columns, config.total_format

    def draw(name: str, low: int, high: int, size: int = 1) -> NDArray[np.int64]:
        return integers(seed, f"{stream}/aimed/{name}", low, high, (size,))

    most_shift = min(config.most_shift, max(total.integer - program.layer.out_bits, 0))
    shift = int(draw("shift", 0, most_shift)[0])

    def reach(node: Format, bits: int) -> int:
        """The largest raw of `node` that, with `bits` integer bits beside it, still comes near the code's range."""
        return int(np.clip(1 << max(shift + program.layer.out_bits + node.fraction - bits, 0), 1, node.max_raw))

    gain, bias, scale = config.norm.gain, config.norm.bias, config.residual.scale
    near_gain = reach(gain, config.affine.corrected.integer - 2)
    near_bias = reach(bias, 2)
    aimed = draw("columns", 0, 1, columns).astype(bool)
    gains = np.where(aimed, draw("gain", -near_gain, near_gain, columns), program.parameters["gain"])
    biases = np.where(aimed, draw("bias", -near_bias, near_bias, columns), program.parameters["bias"])
    rx_scale = int(draw("rx_scale", 0, reach(scale, config.residual.code_bits - 1))[0])
    return replace(
        program,
        parameters={**program.parameters, "gain": gains, "bias": biases},
        layer=replace(program.layer, shift=shift, rx_scale=rx_scale),
    )


def draw_slices(program: Program, seed: int, number: int) -> Iterator[Traffic]:
    """The codes of a batch, a slice for each of `KINDS`.

    Of NumPy's generators only the words are fixed for good, so numbers are made from those here.
    """
    config, layer = program.config, program.layer
    words = np.random.SFC64(np.random.SeedSequence([seed, number]))
    shape = (max(SLICE // config.columns, 1), config.columns)
    code, dual = config.adc.code, config.adc.mode is AdcMode.DUAL
    fewer = [_uniform(words, Format(False, 16, 0), (config.columns,)) % code.width for _ in range(2)]
    for kind in KINDS:
        p = _uniform(words, code, shape)
        n = _uniform(words, code, shape)
        match kind:
            case "small":
                p, n = p >> fewer[0].astype(p.dtype), n >> fewer[1].astype(p.dtype)
            case "near":
                n = p ^ (n >> np.maximum(fewer[1], 1).astype(p.dtype))
            case "ends":
                p, n = _ends(words, code, p), _ends(words, code, n)
        rx = _uniform(words, config.code_format(config.residual.code_bits, layer.rx_signed), shape)
        yield Traffic(p, n if dual else None, rx if layer.rx_on else None)


def _uniform(words: np.random.SFC64, node: Format, shape: tuple[int, ...]) -> NDArray[np.integer]:
    """Raws of `node`, in the narrowest type: the upper bits of random words, moved down."""
    kind = _type(node)
    count = int(np.prod(shape))
    raws = words.random_raw(-(-count * kind.itemsize // 8)).view(kind)[:count].reshape(shape)
    raws >>= kind.type(8 * kind.itemsize - node.width)
    return raws


def _ends(words: np.random.SFC64, node: Format, raws: NDArray[np.integer]) -> NDArray[np.integer]:
    ends = np.array([node.min_raw, node.min_raw + 1, node.max_raw - 1, node.max_raw], raws.dtype)
    choice = _uniform(words, Format(False, 3, 0), raws.shape)
    return np.where(choice < 4, ends[choice & 3], raws)


def _type(node: Format) -> np.dtype[np.integer[Any]]:
    size = next(size for size in (8, 16, 32, 64) if node.width <= size)
    return np.dtype(f"{'int' if node.signed else 'uint'}{size}")
