"""Folding BatchNorm into gain, bias and shift."""

from fractions import Fraction

import numpy as np
import pytest

from nmpu_model.fold import fold_batchnorm
from nmpu_model.quantise import quantise
from nmpu_model.stimulus import integers
from nmpu_spec.errors import InputError
from nmpu_spec.load import load

HERMES = load("hermes256")


def random_batchnorm(stream: str) -> dict[str, np.ndarray]:
    def draw(name: str, low: float, high: float) -> np.ndarray:
        return low + (high - low) * integers(0, f"{stream}/{name}", 0, 1 << 30, (HERMES.columns,)) / (1 << 30)

    return {
        "gamma": draw("gamma", -2, 2),
        "beta": draw("beta", -3, 3),
        "mean": draw("mean", -1, 1),
        "var": draw("var", 0.1, 4),
        "bias": draw("bias", -1, 1),
        "input_step": draw("step", 0.001, 0.01),
    }


def batchnorm(norm: dict[str, np.ndarray], eps: float, y: np.ndarray) -> np.ndarray:
    """As the deep-learning frameworks define it, of the real numbers that y stands for."""
    x = norm["input_step"] * y + norm["bias"]
    return norm["gamma"] * (x - norm["mean"]) / np.sqrt(norm["var"] + eps) + norm["beta"]


@pytest.mark.parametrize("number", range(10))
def test_quantised_parameters_compute_batchnorm(number: int) -> None:
    norm, eps, output_step = random_batchnorm(f"bn/{number}"), 1e-3, 0.03
    folded = fold_batchnorm(HERMES, **norm, eps=eps, output_step=output_step)
    gain, bias = (
        quantise(values, node).raws * node.resolution
        for values, node in ((folded.gain, HERMES.norm.gain), (folded.bias, HERMES.norm.bias))
    )
    corrected = HERMES.affine.corrected
    y = integers(0, f"y/{number}", corrected.min_raw, corrected.max_raw, (50, HERMES.columns)) * corrected.resolution
    error = np.abs((gain * y + bias) / 2**folded.shift - batchnorm(norm, eps, y) / output_step)
    half_steps = (HERMES.norm.gain.resolution * np.abs(y) + HERMES.norm.bias.resolution) / 2
    # The float computations of both sides have errors of their own, far below a millionth of a code.
    assert (error <= half_steps / 2**folded.shift + 1e-9).all()


@pytest.mark.parametrize("power", [1, 2, 3])
def test_a_power_of_two_moves_exactly(power: int) -> None:
    """A coarser output code makes room for more shift; gain and bias stay the same to the last bit."""
    norm = random_batchnorm("power")
    fine = fold_batchnorm(HERMES, **norm, output_step=0.2)
    coarse = fold_batchnorm(HERMES, **norm, output_step=0.2 * 2**power)
    assert coarse.shift == fine.shift + power
    assert (coarse.gain == fine.gain).all()
    assert (coarse.bias == fine.bias).all()


@pytest.mark.parametrize("output_step", [1e-4, 0.001, 0.003, 0.02, 0.5, 10.0, 1e4])
def test_the_shift_is_the_largest_that_fits(output_step: float) -> None:
    folded = fold_batchnorm(HERMES, **random_batchnorm("largest"), output_step=output_step)

    def fits(factor: int) -> bool:
        gain, bias = HERMES.norm.gain.max_value, HERMES.norm.bias.max_value
        return bool((abs(folded.gain * factor) <= gain).all() and (abs(folded.bias * factor) <= bias).all())

    most = 2**HERMES.output.shift_bits - 1
    assert 0 <= folded.shift <= most
    assert fits(1) or folded.shift == 0
    assert not fits(2) or folded.shift == most


def test_identity() -> None:
    folded = fold_batchnorm(HERMES, input_step=1.0, output_step=1.0)
    assert (folded.gain == 2.0**folded.shift).all()
    assert not folded.bias.any()
    assert folded.gain.shape == folded.bias.shape == (HERMES.columns,)


def test_by_hand() -> None:
    """gamma 3, var + eps 4: k = 3/2. In codes of 1/8: gain 3/2 / 16 * 8 = 3/4, bias (3/2 * (1 - 2) + 1/2) * 8 = -8."""
    folded = fold_batchnorm(
        HERMES, input_step=1 / 16, output_step=1 / 8, gamma=3, beta=0.5, mean=2, var=3.5, eps=0.5, bias=1
    )
    assert {Fraction(gain) / 2**folded.shift for gain in folded.gain.tolist()} == {Fraction(3, 4)}
    assert {Fraction(bias) / 2**folded.shift for bias in folded.bias.tolist()} == {Fraction(-8)}
    assert folded.shift == 1


def test_a_column_that_is_not_used_may_have_no_step() -> None:
    steps = np.where(np.arange(HERMES.columns) < 10, 0.5, 0.0)
    folded = fold_batchnorm(HERMES, input_step=steps, output_step=1.0)
    assert not folded.gain[10:].any()


def spoiled(value: float) -> np.ndarray:
    values = np.ones(HERMES.columns)
    values[7] = value
    return values


BAD = {
    "nan gamma": ({"gamma": spoiled(np.nan)}, "gamma of column 7: nan, must be finite"),
    "infinite mean": ({"mean": spoiled(np.inf)}, "mean of column 7: inf"),
    "nan step": ({"input_step": spoiled(np.nan)}, "input_step of column 7: nan"),
    "scalar nan": ({"beta": np.nan}, "beta of column 0: nan"),
    "negative variance": ({"var": spoiled(-0.5)}, "var of column 7: -0.5"),
    "negative variance, large eps": ({"var": spoiled(-0.5), "eps": 1.0}, "var of column 7: -0.5"),
    "no variance": ({"var": spoiled(0.0)}, "var of column 7: 0 + eps 0 must be positive"),
    "negative eps": ({"eps": -1e-3}, "eps = -0.001"),
    "nan eps": ({"eps": np.nan}, "eps = nan"),
    "no output step": ({"output_step": 0.0}, "output_step = 0.0: must be positive"),
    "negative output step": ({"output_step": -1.0}, "output_step = -1.0: must be positive"),
    "nan output step": ({"output_step": np.nan}, "output_step = nan: must be positive"),
    "infinite output step": ({"output_step": np.inf}, "output_step = inf: must be positive"),
    "too few columns": ({"bias": np.ones(255)}, "bias: shape (255,), must be a scalar or (256,)"),
    "two dimensions": ({"gamma": np.ones((1, 256))}, "gamma: shape (1, 256)"),
}


@pytest.mark.parametrize(("wrong", "message"), BAD.values(), ids=BAD)
def test_bad_input(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(InputError) as caught:
        fold_batchnorm(HERMES, **{"input_step": 1.0, "output_step": 1.0, **wrong})  # type: ignore[arg-type]
    assert str(caught.value).startswith(message)
    assert len(str(caught.value).splitlines()) == 1
