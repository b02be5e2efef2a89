"""Analog layers as `aihwkit` has them, by stand-ins with the methods that it publishes: the kit is not installed."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from networks import answers, assert_same, images, randomised
from torch import Tensor, nn

from nmpu_aimc.networks.aihwkit import input_ranges, plain
from nmpu_aimc.networks.from_torch import from_torch
from nmpu_spec.errors import InputError

SHAPE = (6, 6, 3)


class Tile(nn.Module):
    """Half of the columns of a layer: normalised weights (channels, rows), one mapping scale for each column."""

    def __init__(self, weight: Tensor, input_range: float | None) -> None:
        super().__init__()
        self.scales = weight.abs().amax(1)
        self.analog = nn.Parameter(weight / self.scales[:, None])
        self.input_range = None if input_range is None else nn.Parameter(torch.tensor([input_range]))

    def weights(self) -> Tensor:
        return self.analog.detach() * self.scales[:, None]


class AnalogConv2d(nn.Module):
    IS_CONTAINER = False

    def __init__(self, conv: nn.Conv2d, ranges: tuple[float | None, float | None]) -> None:
        super().__init__()
        halves = conv.weight.detach().flatten(1).chunk(2)
        self.analog_module = nn.ModuleList(Tile(half, limit) for half, limit in zip(halves, ranges, strict=True))
        self.shape, self.stride, self.bias = conv.weight.shape, conv.stride, conv.bias

    def analog_tiles(self) -> Iterator[Tile]:
        return iter(self.analog_module)

    def forward(self, x: Tensor) -> Tensor:
        raise AssertionError("the analog forward pass is noisy: it must not be run")

    @classmethod
    def to_digital(cls, module: "AnalogConv2d") -> nn.Conv2d:
        channels, inputs, kernel, _ = module.shape
        conv = nn.Conv2d(inputs, channels, kernel, module.stride)
        conv.weight.data = torch.cat([tile.weights() for tile in module.analog_tiles()]).view(module.shape)
        conv.bias = module.bias
        return conv


class AnalogSequential(nn.Sequential):
    IS_CONTAINER = True

    def analog_tiles(self) -> Iterator[Tile]:
        return (tile for layer in self if isinstance(layer, AnalogConv2d) for tile in layer.analog_tiles())


def _models() -> tuple[nn.Module, nn.Module]:
    torch.manual_seed(0)
    first, second, norm = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 6, 2, stride=2), nn.BatchNorm2d(4)
    digital = nn.Sequential(first, nn.Sequential(norm, nn.ReLU()), second)
    analog = AnalogSequential(
        AnalogConv2d(first, (1.5, 2.0)), nn.Sequential(norm, nn.ReLU()), AnalogConv2d(second, (None, None))
    )
    return randomised(digital), analog.eval()


def test_an_analog_model_answers_as_its_weights_say() -> None:
    digital, analog = _models()
    x = images(SHAPE)
    graph = from_torch(analog, SHAPE)
    assert [layer.name for layer in graph.layers] == ["0", "2"]
    assert_same(graph, answers(digital, x), x)


def test_the_analog_model_is_left_as_it_is() -> None:
    _, analog = _models()
    plain(analog)
    assert [type(module) for module in analog] == [AnalogConv2d, nn.Sequential, AnalogConv2d]


def test_a_single_analog_layer_becomes_a_torch_layer() -> None:
    conv = nn.Conv2d(3, 4, 3)
    again = plain(AnalogConv2d(conv, (None, None)))
    assert isinstance(again, nn.Conv2d)
    assert np.allclose(again.weight.detach(), conv.weight.detach(), rtol=1e-6, atol=0)


def test_input_ranges_are_the_largest_of_a_layer_s_tiles() -> None:
    digital, analog = _models()
    assert input_ranges(analog) == {"0": 2.0}
    assert input_ranges(digital) == {}


def test_weights_that_are_broken_are_named() -> None:
    _, analog = _models()
    with torch.no_grad():
        next(analog[2].analog_tiles()).analog[0, 0] = float("nan")
    with pytest.raises(InputError, match=r"^2: NaN or infinity"):
        from_torch(analog, SHAPE)
