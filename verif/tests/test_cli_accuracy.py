"""`nmpu accuracy` as a user meets it: the paper's network, a network of one's own, and what is refused."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from test_cli import nmpu
from torch import nn

from nmpu_model.stimulus import integers

DATA = Path(__file__).parents[3] / "shared" / "data"
SHAPE = (8, 8, 3)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """net.onnx and set.npz: a small network, labelled with its own answers."""
    folder = tmp_path_factory.mktemp("own")
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(256, 10)
    ).eval()
    images = (integers(0, "own/images", -100, 100, (40, *SHAPE)) / 100).astype(np.float32)
    channels_first = torch.from_numpy(images.transpose(0, 3, 1, 2).copy())
    torch.onnx.export(net, (channels_first[:1],), folder / "net.onnx", dynamo=False)
    labels = net(channels_first).argmax(1).numpy()
    np.savez(folder / "set.npz", images=images, labels=labels, calibration=images[:16])
    return folder


def test_a_network_of_ones_own(own: Path) -> None:
    words = ("accuracy", "-n", str(own / "net.onnx"), "-d", str(own / "set.npz"), "--chips", "2", "--rtl", "--json")
    said = nmpu(*words)
    assert said.returncode == 0, said.stderr
    report = json.loads(said.stdout)
    assert report == json.loads(Path("build/accuracy.json").read_text("utf-8"))
    assert (report["network"], report["images"], report["source"]) == (1.0, 40, "set.npz")
    assert [part["name"] for part in report["digital"]] == ["float32", "FP16", "hermes256"]
    assert all(0.5 < part["accuracy"] <= 1 for part in report["digital"])
    assert all(len(part["of_each_chip"]) == 2 for part in report["digital"])
    assert [tile["name"] for tile in report["tiles"]] == ["0.0", "4.0"]
    assert report["agreement"]["largest_difference"] <= 3
    assert 0.8 < report["agreement"]["identical"] / report["agreement"]["codes"] < 1
    assert report["rtl"] is True
    # Any number of processes gives the same answers.
    again = json.loads(nmpu(*(word for word in words if word != "--rtl"), "--workers", "1").stdout)
    assert again["digital"] == report["digital"]


@pytest.mark.skipif(not DATA.exists(), reason="no data sets beside the project: ../shared/data")
def test_the_papers_network_on_a_few_images() -> None:
    said = nmpu("accuracy", "--data", str(DATA), "--images", "60", "--chips", "1")
    assert said.returncode == 0, said.stderr
    assert "resnet9: 60 images of CIFAR-10 test, JPEG q75; 1 chips, 1 h old" in said.stdout
    assert max(map(len, said.stdout.splitlines())) <= 120
    assert "…" not in said.stdout
    report = json.loads(Path("build/accuracy.json").read_text("utf-8"))
    assert report["paper"] == {"resnet9": [86.77, 0.12], "resnet32": [65.46, 0.4]}
    assert all(number in said.stdout for number in ("86.77", "86.65", "65.46", "65.06"))
    assert len(report["tiles"]) == 22
    assert report["network"] > 0.8
    assert all(part["accuracy"] > 0.7 for part in report["digital"])


@pytest.mark.parametrize(
    ("words", "mentions"),
    [
        (("-n", "resnet7"), "network 'resnet7': must be one of resnet9, resnet32"),
        (("-d", "nowhere"), "nowhere: no cifar-10-python.tar.gz"),
        (("-n", "resnet32", "-d", "nowhere"), "nowhere: no cifar-100-python.tar.gz"),
        (("-n", "missing.onnx", "-d", "nowhere"), "nowhere: must be an .npz file"),
        (("-n", "{own}/net.onnx", "-d", "{own}/set.npz", "--images", "41"), "images = 41: must be 1 to 40"),
        (("-n", "{own}/net.onnx", "-d", "{own}/short.npz"), "short.npz: has no array 'calibration'"),
        (("-n", "{own}/net.onnx", "-d", "{own}/flat.npz"), "flat.npz: images (40, 192)"),
        (("-n", "{own}/net.onnx", "-d", "{own}/set.npz", "--phases", "2"), "phases = 2, must be one of (1, 4)"),
        (("-n", "{own}/net.onnx", "-d", "{own}/set.npz", "-c", "tiny"), "columns = 6: must be at least 16"),
        (("-n", "{own}/net.onnx", "-d", "{own}/set.npz", "-c", "fp16"), "fp16: is an FP16 unit"),
    ],
)
def test_what_cannot_be_run_is_one_line(own: Path, words: tuple[str, ...], mentions: str) -> None:
    with np.load(own / "set.npz") as arrays:
        np.savez(own / "short.npz", images=arrays["images"], labels=arrays["labels"])
        np.savez(own / "flat.npz", **{name: arrays[name].reshape(len(arrays[name]), -1) for name in arrays.files})
    said = nmpu("accuracy", *(word.format(own=own) for word in words))
    assert said.returncode == 2, said.stdout + said.stderr
    lines = [line for line in said.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, said.stderr
    assert mentions in lines[0]
