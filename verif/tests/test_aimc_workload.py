"""The digits network on the simulated chip, end to end, and its parts."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest

from nmpu_aimc.chip import Stage
from nmpu_aimc.digits import BATCHNORM_EPS, accuracy, float_logits, graph, load_weights, split
from nmpu_aimc.networks.graph import patches, run_float
from nmpu_aimc.tile import NOISELESS, TYPICAL, Noise
from nmpu_aimc.train import train
from nmpu_aimc.workload import Run, chip, plan, run
from nmpu_model import unit
from nmpu_spec.config import Config
from nmpu_spec.errors import InputError
from nmpu_spec.half import beside
from nmpu_spec.load import load

CONFIG = load("hermes256")
HALF = beside(CONFIG)
SLICE = 8
SLICE_SHA256 = "9f319e4f9983d070785b76f1b2c38e2f4a0b86aba195794683b358266cb21cb6"


def digest(result: Run) -> str:
    """SHA-256 of everything that passes through the unit."""
    sha = hashlib.sha256()
    for batch in result.batches:
        sha.update(batch.name.encode())
        for codes, kind in ((batch.p, "<u2"), (batch.n, "<u2"), (batch.rx, "<i2"), (batch.out, "<i2")):
            if codes is not None:
                sha.update(np.ascontiguousarray(codes, kind).tobytes())
    return sha.hexdigest()


def test_a_slice_is_the_same_on_every_machine() -> None:
    first = run(CONFIG, images=SLICE)
    chip.cache_clear()
    plan.cache_clear()
    assert digest(run(CONFIG, images=SLICE)) == digest(first) == SLICE_SHA256


def test_a_slice_is_the_start_of_a_longer_run() -> None:
    short, long = run(CONFIG, images=3), run(CONFIG, images=6)
    assert (short.logits == long.logits[:3]).all()
    for part, whole in zip(short.batches, long.batches, strict=True):
        assert 2 * len(part.p) == len(whole.p)
        assert (part.p == whole.p[: len(part.p)]).all()
        assert (part.n == whole.n[: len(part.n)]).all()


def test_batches_are_what_the_unit_takes() -> None:
    result = run(CONFIG, images=SLICE)
    assert [batch.name for batch in result.batches] == ["conv1.0", "conv2.0", "conv2.1", "conv3.0", "linear.0"]
    assert [len(batch.p) // SLICE for batch in result.batches] == [64, 16, 16, 4, 1]
    for batch in result.batches:
        assert batch.p.shape == batch.n.shape == batch.out.shape == (len(batch.p), CONFIG.columns)
        assert [codes.dtype.name for codes in (batch.p, batch.n, batch.out)] == ["uint16", "uint16", "int16"]
        assert (unit.run(batch.program, batch.p, batch.n, batch.rx).out == batch.out).all()
        assert (batch.rx is not None) == batch.program.layer.rx_on == (batch.name == "conv2.1")
        assert not batch.out[:, ~batch.program.mask].any()
    assert (result.batches[2].rx == result.batches[1].out).all()
    # Columns that no layer uses count their offsets: the mask, not the data, keeps them out.
    assert result.batches[0].p[:, 32:].any()
    assert result.batches[1].out.min() < 0 <= result.batches[2].out.min()


def test_accuracy_is_near_that_of_the_floating_point_network() -> None:
    images = 200
    test = split()[1].first(images)
    reference = accuracy(float_logits(load_weights(), test), test.labels)
    assert reference >= 0.97
    fixed, half = run(CONFIG, images=images), run(HALF, images=images)
    # At most 3 of 200 images lost to the whole analog chain, and to the digital part alone.
    assert fixed.accuracy >= reference - 0.015
    assert np.count_nonzero(fixed.predictions != half.predictions) <= 3


def stages(config: Config, noise: Noise = TYPICAL) -> list[Stage]:
    return list(chip(config, noise=noise).stages.values())


def test_the_graph_is_the_network() -> None:
    images = split()[1].first(20)
    out = run_float(graph(), (images.pixels / 16).astype(np.float32))["linear"].reshape(20, 10)
    assert np.abs(out - float_logits(load_weights(), images)).max() < 1e-4


def test_calibration_lowers_the_error_of_a_layer() -> None:
    """Against the parameters of a chip without errors; what is left is programming and read noise."""
    codes = plan().input_codes(split()[1].first(4).pixels / 16)
    x = patches(codes, kernel=3, stride=1, padding=1).reshape(-1, 9)
    stage, ideal = stages(CONFIG)[0], stages(CONFIG, NOISELESS)[0]
    p, n = stage.tile.convert(x, "run")
    want = unit.run(ideal.program(CONFIG), *ideal.tile.convert(x, "run")).out
    errors = [
        np.abs(unit.run(program, p, n).out - want).mean() for program in (stage.program(CONFIG), ideal.program(CONFIG))
    ]
    assert errors[0] < 0.75 * errors[1]


def test_the_split_is_seeded_and_complete() -> None:
    train_images, test_images = split()
    assert (len(train_images.labels), len(test_images.labels)) == (1200, 597)
    everything = np.concatenate((train_images.pixels, test_images.pixels))
    assert (everything.min(), everything.max()) == (0, 16)
    assert np.bincount(test_images.labels).min() > 40


@pytest.mark.parametrize("config", [CONFIG, HALF], ids=["nmpu", "fp16"])
def test_a_split_layer_answers_as_the_whole_one(config: Config) -> None:
    """conv2 on two noiseless tiles against the same layer in floating point, on real activations."""
    weights, images = load_weights(), 10
    codes = run(CONFIG, images=images, noise=NOISELESS).batches[0].out[:, :32]
    x = patches(codes.reshape(images, 8, 8, 32), kernel=3, stride=2, padding=1).reshape(-1, 288)
    first, second = stages(config, NOISELESS)[1:3]
    partial = unit.run(first.program(config), *first.tile.convert(x[:, first.part.rows], "run")).out
    out = unit.run(second.program(config), *second.tile.convert(x[:, second.part.rows], "run"), partial).out[:, :64]
    gamma, beta, mean, var = (weights[f"conv2.{part}"] for part in ("gamma", "beta", "mean", "var"))
    real = x * plan().steps["conv1"] @ weights["conv2.weight"]
    real = np.maximum((real - mean) / np.sqrt(var + BATCHNORM_EPS) * gamma + beta, 0)
    # The ranges clip what is rare: a partial sum at the end of its range is not the whole one.
    inside = np.abs(partial[:, :64]) < 127
    assert inside.mean() > 0.99
    error = (out - np.minimum(real / plan().steps["conv2"], 127))[inside]
    # Half an LSB of the answer, half an LSB of the partial sum, and half a count of each of the four counters times a
    # gain of at most 0.65 codes make 2.3; the rest is the rounding of the parameters.
    assert np.abs(error).max() < 3
    assert np.abs(error.mean()) < 0.25


def test_other_configurations() -> None:
    assert run(load("wide256"), images=2).logits.tolist() == run(CONFIG, images=2).logits.tolist()
    narrow = replace(CONFIG, columns=64, lanes=16)
    assert run(narrow, images=2).batches[0].p.shape == (128, 64)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (load("tiny"), "columns = 6"),
        (replace(CONFIG, columns=32, lanes=32), "columns = 32"),
        (replace(CONFIG, residual=replace(CONFIG.residual, code_bits=4)), "residual.code_bits = 4"),
    ],
)
def test_a_configuration_that_cannot_serve_is_refused(config: Config, message: str) -> None:
    with pytest.raises(InputError, match=message):
        chip(config)


@pytest.mark.parametrize("images", [0, -1, 598])
def test_a_wrong_number_of_images_is_refused(images: int) -> None:
    with pytest.raises(InputError, match="images"):
        run(CONFIG, images=images)


def test_training_lowers_the_loss() -> None:
    weights, losses = train(split()[0].first(300), epochs=3)
    assert losses[2] < losses[1] < losses[0]
    assert set(weights) == set(load_weights())
    assert all(weights[name].shape == value.shape for name, value in load_weights().items())
