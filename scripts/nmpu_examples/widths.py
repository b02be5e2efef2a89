"""Output widths of 4, 6 and 8 bits, chosen at run time, on a network that runs layer after layer on one unit.

AnalogNets on AON-CiM (keyword spotting) asks for this: activations of 8, 6 or 4 bits, and one accelerator that every
layer passes in turn. The width is a field of the bank's settings; the next layer's bank is programmed while one runs.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from nmpu_aimc.gaussian import gaussian
from nmpu_aimc.tile import MAX_PULSE, NOISELESS, TYPICAL, Noise
from nmpu_examples.clocked import Batch, cut, play, same_codes
from nmpu_examples.example import Example, Table, both, relative_rms
from nmpu_examples.layer import map_layer
from nmpu_examples.units import DUAL
from nmpu_model.program import Layer
from nmpu_model.script import load_program
from nmpu_model.stimulus import integers
from nmpu_spec.config import CODE_BITS

SIZES = (128, 32, 32, 12)
"""Channels before, between and after the three layers; twelve keywords."""
FEW, MANY = 24, 96
"""Vectors of each layer: fewer, and more, than can hide a reload."""
CLIP = 0.9
"""Part of the largest activation that the codes reach; what is beyond saturates at the end of the width."""
INPUT_STEP = 1 / MAX_PULSE

Real = NDArray[np.float64]


def run() -> Example:
    weights = [
        gaussian(1, f"widths/{number}", (rows, channels)).astype(np.float64) * np.sqrt(2 / rows)
        for number, (rows, channels) in enumerate(pairwise(SIZES))
    ]
    pulses = integers(1, "widths/x", 0, MAX_PULSE, (MANY, SIZES[0]))
    errors: dict[int, tuple[float, float]] = {}
    batches: list[Batch] = []
    agree = True
    for bits in CODE_BITS:
        ideal, _, ideal_agrees = _network(weights, pulses, bits, NOISELESS)
        noisy, batches, noisy_agrees = _network(weights, pulses, bits, TYPICAL)
        errors[bits] = ideal, noisy
        agree &= ideal_agrees and noisy_agrees
    writes = len(load_program(batches[0].program, 0))
    reloads = [_reload(batches, vectors) for vectors in (FEW, MANY)]
    return Example(
        "widths",
        "The output width is a run-time setting; the next layer's bank is programmed while a layer runs.",
        (
            Table(
                "rms error of the network's output over the rms of the float network's",
                ("output bits", "ideal tile", "noisy tile"),
                tuple((bits, f"{ideal:.1%}", f"{noisy:.1%}") for bits, (ideal, noisy) in errors.items()),
            ),
            Table(
                f"programming the idle bank: {writes} writes, as long as "
                f"{-(-reloads[0][1] // DUAL.groups)} vectors of {DUAL.groups} clocks",
                ("vectors per layer", "clocks of a reload", "clocks lost per swap"),
                tuple((vectors, load, lost) for vectors, load, lost, _ in reloads),
            ),
        ),
        {
            "model and RTL agree": agree and all(same for *_, same in reloads),
            "every step in width lowers the ideal tile's error": all(a[0] > b[0] for a, b in pairwise(errors.values())),
            "many vectors hide a reload, few do not": reloads[1][2] == 0 < reloads[0][2],
        },
    )


def _network(
    weights: Sequence[Real], pulses: NDArray[np.int64], bits: int, noise: Noise
) -> tuple[float, list[Batch], bool]:
    """The error of the last layer's output, what each layer sent through the unit, and whether model and RTL agree."""
    levels = DUAL.code_format(bits, signed=True).max_raw
    # Narrow codes become pulses of full length all the same, so that they use the ADC's range.
    stretch = MAX_PULSE // levels
    real, step = pulses * INPUT_STEP, INPUT_STEP
    batches, agree = [], True
    for number, weight in enumerate(weights):
        hidden = number < len(weights) - 1
        real = np.maximum(real @ weight, 0) if hidden else real @ weight
        output_step = CLIP * float(np.abs(real).max()) / levels
        layer = map_layer(
            DUAL,
            f"layer{number}",
            weight,
            pulses,
            input_step=step,
            output_step=output_step,
            settings=Layer(relu_2=hidden, out_bits=bits),
            noise=noise,
        )
        batches.append(Batch(layer.program, layer.traffic(pulses)))
        answer = both(*batches[-1])
        agree &= answer.agrees
        pulses, step = answer.out[:, : weight.shape[1]].astype(np.int64) * stretch, output_step / stretch
    return relative_rms(pulses * step, real), batches, agree


def _reload(batches: Sequence[Batch], vectors: int) -> tuple[int, int, int, bool]:
    """Vectors of each layer, clocks of the longest reload and clocks lost at the longest swap; the codes' equality."""
    layers = [cut(batch, slice(vectors)) for batch in batches]
    played = play(DUAL, layers)
    lost = int(np.diff(played.delivered).max()) - DUAL.groups
    return vectors, max(played.loads), lost, same_codes(layers, played)
