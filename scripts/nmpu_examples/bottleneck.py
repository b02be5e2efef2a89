"""Signed 8-bit codes pass the unit, which requantises them and adds the shortcut: a MobileNetV2 bottleneck.

In a heterogeneous cluster (RISC-V cores beside an in-memory accelerator) the accelerator's ADC already delivers signed
8-bit sums. The unit is built for one code per column; scale 1 and offset 0 pass it on. The bottleneck's last layer is
linear: BatchNorm, no ReLU, and the block's input is added.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nmpu_aimc.gaussian import gaussian
from nmpu_examples.example import Answer, Example, Table, both, lsb_error
from nmpu_examples.units import SIGNED
from nmpu_model.fold import Folded, fold_batchnorm
from nmpu_model.program import Layer
from nmpu_model.quantise import quantise, quantise_program
from nmpu_model.traffic import Traffic

EXPANDED, CHANNELS, VECTORS = 144, 24, 196
"""MobileNetV2's first bottlenecks with a shortcut: 24 channels, six times as many inside; 14 x 14 pixels of them."""
LIMIT = SIGNED.adc.code.max_raw
USED = np.arange(SIGNED.columns) < CHANNELS
PASS = {"scale_p": 1.0, "offset_p": 0.0}

Real = NDArray[np.float64]


@dataclass(frozen=True)
class Block:
    """The sums that the ADC sees, the shortcut, and BatchNorm's gamma and beta; random, of every column."""

    sums: Real
    shortcut: Real
    gamma: Real
    beta: Real

    def fold(self, adc_step: float, output_step: float) -> Folded:
        mean, var = self.sums.mean(axis=0), self.sums.var(axis=0)
        steps = {"input_step": adc_step, "output_step": output_step}
        return fold_batchnorm(SIGNED, **steps, gamma=self.gamma, beta=self.beta, mean=mean, var=var)


def run() -> Example:
    block = _block()
    (adc, adc_step), (rx, rx_step) = (_codes(values) for values in (block.sums, block.shortcut))
    passed = both(
        quantise_program(SIGNED, PASS | {"gain": 1.0, "bias": 0.0}, mask=USED).program, Traffic(adc, None, None)
    )
    normed = (adc * adc_step - block.sums.mean(axis=0)) / block.sums.std(axis=0) * block.gamma + block.beta
    wanted = (normed + rx * rx_step)[:, USED]

    # First the step that the output's range asks for; then the next larger one for which r is on its grid.
    fitted = float(np.abs(wanted).max()) / LIMIT
    r = rx_step / fitted * 2.0 ** block.fold(adc_step, fitted).shift
    grid = SIGNED.residual.scale.resolution
    exact = fitted * r / (np.floor(r / grid) * grid)
    answers = {"fitted to the range": (fitted, _add(block, adc, adc_step, fitted, rx, rx_step))}
    answers["r on its grid"] = (exact, _add(block, adc, adc_step, exact, rx, rx_step))
    errors = {name: lsb_error(answer.out[:, USED], wanted / step) for name, (step, answer) in answers.items()}

    changed = int(np.count_nonzero(passed.out[:, USED] != adc[:, USED]))
    masked = sum(int(np.count_nonzero(answer.out[:, ~USED])) for answer in (passed, *(a for _, a in answers.values())))
    return Example(
        "bottleneck",
        "Signed codes of another accelerator's ADC pass unchanged, or are requantised and get the shortcut added.",
        (
            Table(
                f"passed on: {CHANNELS} of {SIGNED.columns} columns in use, the others masked",
                ("codes", "changed", "masked codes that are not 0"),
                ((passed.out[:, USED].size, changed, masked),),
            ),
            Table(
                "BatchNorm and shortcut",
                ("output step", "rms error, LSB", "largest, LSB"),
                tuple((name, f"{rms:.3f}", f"{largest:.3f}") for name, (rms, largest) in errors.items()),
            ),
        ),
        {
            "model and RTL agree": passed.agrees and all(answer.agrees for _, answer in answers.values()),
            "codes pass unchanged": changed == 0,
            "masked columns deliver 0": masked == 0,
            "with r on its grid, errors are below one LSB": errors["r on its grid"][1] < 1,
        },
    )


def _block() -> Block:
    def draw(name: str, *shape: int) -> Real:
        return gaussian(2, f"bottleneck/{name}", shape).astype(np.float64)

    columns = SIGNED.columns
    inside = np.maximum(draw("inside", VECTORS, EXPANDED), 0)
    sums = inside @ draw("weight", EXPANDED, columns)
    return Block(
        sums, draw("shortcut", VECTORS, columns), 1 + draw("gamma", 1, columns)[0] / 4, draw("beta", 1, columns)[0]
    )


def _codes(values: Real) -> tuple[NDArray[np.int64], float]:
    """Signed 8-bit codes, and what one stands for."""
    step = float(np.abs(values).max()) / LIMIT
    return np.rint(values / step).astype(np.int64), step


def _add(
    block: Block, adc: NDArray[np.int64], adc_step: float, output_step: float, rx: NDArray[np.int64], rx_step: float
) -> Answer:
    folded = block.fold(adc_step, output_step)
    r = quantise(rx_step / output_step * 2.0**folded.shift, SIGNED.residual.scale, "rx_scale").raws[0]
    layer = Layer(rx_on=True, rx_scale=int(r), shift=folded.shift)
    program = quantise_program(SIGNED, PASS | {"gain": folded.gain, "bias": folded.bias}, layer, USED).program
    return both(program, Traffic(adc, None, rx))
