"""The networks of the paper with trained weights, and files of weights that do not fit."""

from pathlib import Path

import numpy as np
import pytest
import torch
from networks import answers, assert_same, images, randomised

from nmpu_aimc.networks.cifar import cifar100
from nmpu_aimc.networks.from_torch import from_torch
from nmpu_aimc.networks.graph import run_float
from nmpu_aimc.networks.resnet import (
    MEAN_100,
    STD_100,
    WEIGHTS_100,
    ResNet9,
    ResNet32,
    load_resnet9,
    load_resnet32,
    load_state,
)
from nmpu_spec.errors import InputError

DATA = Path(__file__).parents[3] / "shared" / "data"
SHAPE = (32, 32, 3)
CORRECT = 477
"""Of the 500 images, as whoever trained the weights found (95.4 %): another place for a ReLU loses hundreds of them."""


@pytest.mark.skipif(not (DATA / WEIGHTS_100).exists(), reason=f"no {WEIGHTS_100} in {DATA}")
def test_resnet32_answers_as_it_was_trained() -> None:
    data = cifar100(DATA, "test")
    if len(data.labels) != 500:
        pytest.skip(f"the 500 images of the training split are not in {DATA}")
    model = load_resnet32(DATA / WEIGHTS_100)
    x = ((data.pixels / 255 - np.array(MEAN_100)) / np.array(STD_100)).astype(np.float32)
    assert (answers(model, x).argmax(1) == data.labels).sum() == CORRECT
    graph = from_torch(model, SHAPE)
    assert_same(graph, answers(model, x[:8]), x[:8])
    parts = [run_float(graph, part)["linear"].reshape(len(part), -1).argmax(1) for part in np.split(x, 10)]
    assert (np.concatenate(parts) == data.labels).sum() == CORRECT


def test_resnet9_answers_the_same_with_the_committed_weights() -> None:
    model, x = load_resnet9(), images(SHAPE)
    assert not model.training
    assert_same(from_torch(model, SHAPE), answers(model, x), x)


def test_weights_return_from_a_file(tmp_path: Path) -> None:
    model = randomised(ResNet9())
    state = {name: value.numpy() for name, value in model.state_dict().items()}
    np.savez(tmp_path / "weights.npz", **state)
    again = ResNet9().train()
    load_state(again, tmp_path / "weights.npz")
    assert not again.training
    for name, value in again.state_dict().items():
        assert torch.equal(value, model.state_dict()[name])


def test_files_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.npz"
    state = {name: value.numpy() for name, value in ResNet32().state_dict().items()}
    missing = {name: value for name, value in state.items() if name != "bn1.weight"}
    for arrays, message in (
        (missing, "bn1.weight is absent, in ResNet32 it is of shape (64,)"),
        (state | {"bn9.weight": np.zeros(3)}, "bn9.weight is of shape (3,), in ResNet32 it is absent"),
        (state | {"linear.bias": np.zeros(10)}, "linear.bias is of shape (10,), in ResNet32 it is of shape (100,)"),
    ):
        np.savez(path, **arrays)
        with pytest.raises(InputError) as error:
            load_resnet32(path)
        assert str(error.value) == f"{path}: {message}"
    whole = path.read_bytes()
    for content in (b"text", whole[: len(whole) // 2], b""):
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"is not a whole npz file of numbers$"):
            load_resnet32(path)
    with pytest.raises(InputError, match=r"absent\.npz: is missing"):
        load_resnet32(tmp_path / "absent.npz")
