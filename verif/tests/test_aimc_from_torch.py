"""A graph answers as its PyTorch model does; what the unit cannot run is refused in one line that names the layer."""

import operator
from collections.abc import Callable
from typing import Any

import pytest
import torch
from networks import answers, assert_same, images, randomised
from torch import Tensor, nn
from torch.nn import functional

from nmpu_aimc.networks.from_torch import from_torch
from nmpu_aimc.networks.graph import INPUT, Graph, Layer, Pool
from nmpu_aimc.networks.resnet import ResNet9, ResNet32
from nmpu_spec.errors import InputError

SHAPE = (8, 8, 3)


class Small(nn.Module):
    """Layers to be called by `run`, which is the forward pass."""

    def __init__(self, run: Callable[[Any, Tensor], Tensor]) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.run = run
        self.a, self.b, self.same = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(3, 4, 1), nn.Conv2d(4, 4, 3, padding=1)
        self.norm, self.norm_b = nn.BatchNorm2d(4), nn.BatchNorm2d(4)
        self.linear, self.small = nn.Linear(8 * 8 * 4, 5), nn.Linear(4, 5)
        self.dropout = nn.Dropout(0.5)

    def forward(self, x: Tensor) -> Tensor:
        return self.run(self, x)


def functional_style(m: Any, x: Tensor) -> Tensor:
    x = functional.relu(m.norm(m.a(x)))
    x = functional.max_pool2d(x, 2)
    x = functional.dropout(x + functional.relu(m.same(x)), training=m.training)
    return m.small(functional.adaptive_avg_pool2d(x, 1).view(x.size(0), -1))


WORKING: dict[str, Callable[[Any, Tensor], Tensor]] = {
    "a bias alone": lambda m, x: m.a(x),
    "bias and BatchNorm": lambda m, x: m.norm(m.a(x)),
    "two BatchNorms": lambda m, x: m.norm_b(m.norm(m.a(x))),
    "torch.relu": lambda m, x: torch.relu(m.a(x)),
    "tensor.relu": lambda m, x: m.a(x).relu(),
    "relu_": lambda m, x: m.a(x).relu_(),
    "relu twice": lambda m, x: torch.relu(m.a(x).relu()),
    "functional": functional_style,
    "flatten of a map": lambda m, x: m.linear(torch.flatten(m.a(x), 1)),
    "tensor.flatten": lambda m, x: m.linear(m.a(x).flatten(start_dim=1)),
    "view -1": lambda m, x: m.linear(m.a(x).view(-1, 256)),
    "reshape": lambda m, x: m.linear(torch.reshape(m.a(x), (x.shape[0], -1))),
    "relu behind flatten": lambda m, x: m.linear(m.a(x).flatten(1).relu()),
    "max pool": lambda m, x: functional.max_pool2d(m.a(x), 3, 2),
    "max pool, then relu": lambda m, x: functional.relu(functional.max_pool2d(m.a(x), 2)),
    "mean pool": lambda m, x: functional.avg_pool2d(m.a(x), 3, stride=1),
    "mean pool, then relu of nothing": lambda m, x: functional.avg_pool2d(m.a(x).relu(), 2).relu(),
    "pools without layers between": lambda m, x: functional.avg_pool2d(functional.max_pool2d(m.a(x), 2), 2),
    "identity residual": lambda m, x: torch.relu(torch.add(y := torch.relu(m.a(x)), m.same(y))),
    "shortcut": lambda m, x: torch.relu(m.norm_b(m.b(x)) + m.norm(m.a(x))),
    "relu before the addition": lambda m, x: torch.relu(m.b(x)).add(m.a(x).relu()),
    "addition in place": lambda m, x: operator.iadd(m.a(x), m.b(x)).relu(),
    "residual made later": lambda m, x: m.a(x) + functional.avg_pool2d(m.b(x), 1),
    "two additions": lambda m, x: m.same(y := m.a(x)) + (y + m.b(x)),
    "a layer called twice": lambda m, x: m.same(m.same(m.a(x)).relu()),
    "dead branch": lambda m, x: (m.a(x), m.b(x))[0],
    "dropout": lambda m, x: m.dropout(m.a(x)).relu(),
}


@pytest.mark.parametrize("run", WORKING.values(), ids=WORKING)
def test_a_small_model_answers_the_same(run: Callable[[Any, Tensor], Tensor]) -> None:
    model, x = randomised(Small(run)), images(SHAPE)
    assert_same(from_torch(model, SHAPE), answers(model, x), x)


@pytest.mark.parametrize(
    "conv",
    [
        nn.Conv2d(3, 4, 3, bias=False),
        nn.Conv2d(3, 4, 3, stride=2, padding=1),
        nn.Conv2d(3, 4, 2, stride=3, padding=2),
        nn.Conv2d(3, 4, 5, padding="same"),
        nn.Conv2d(3, 4, 5, padding="valid"),
    ],
    ids=str,
)
def test_a_convolution_answers_the_same(conv: nn.Conv2d) -> None:
    shape = (7, 10, 3)
    model, x = nn.Sequential(conv, nn.BatchNorm2d(4), nn.Identity(), nn.ReLU()), images(shape)
    assert_same(from_torch(randomised(model), shape), answers(model, x), x)


def test_modules_and_a_vector_of_features_answer_the_same() -> None:
    torch.manual_seed(0)
    layers = [nn.Conv2d(3, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.AvgPool2d(1), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    classifier = [nn.Linear(4, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Dropout(), nn.Linear(6, 2)]
    for model, shape in ((nn.Sequential(*layers, *classifier), SHAPE), (nn.Sequential(*classifier), (1, 1, 4))):
        x = images(shape)
        assert_same(from_torch(randomised(model), shape), answers(model, x), x)


@pytest.mark.parametrize("network", [ResNet9, ResNet32])
def test_the_networks_of_the_paper_answer_the_same(network: type[nn.Module]) -> None:
    torch.manual_seed(0)
    model, x = randomised(network()), images((32, 32, 3), 8)
    assert_same(from_torch(model, (32, 32, 3)), answers(model, x), x)


def _layer(graph: Graph, name: str) -> Layer:
    return next(layer for layer in graph.layers if layer.name == name)


def test_layers_have_the_paths_of_their_modules_and_the_unit_s_operations() -> None:
    graph = from_torch(randomised(ResNet9()), (32, 32, 3))
    assert [node.name for node in graph.nodes] == [
        *("conv1.0", "conv2.0", "pool", "residual1.first.0", "residual1.second.0"),
        *("conv3.0", "pool_1", "conv4.0", "pool_2", "residual2.first.0", "residual2.second.0", "pool4", "linear"),
    ]
    first, second = _layer(graph, "residual1.first.0"), _layer(graph, "residual1.second.0")
    assert (first.source, first.relu_1, first.residual, first.relu_2) == ("pool", False, None, True)
    assert (second.source, second.relu_1, second.residual, second.relu_2) == (first.name, False, "pool", True)
    assert graph.nodes[2] == Pool("pool", "conv2.0", "max", 2, 2)


def test_of_two_layers_the_later_one_gets_the_addition() -> None:
    graph = from_torch(randomised(Small(lambda m, x: torch.relu(m.b(x).relu() + m.a(x).relu()))), SHAPE)
    first, host = graph.layers
    assert (first.name, first.residual, first.relu_2) == ("b", None, True)
    assert (host.name, host.relu_1, host.residual, host.relu_2) == ("a", True, "b", True)


def test_a_residual_that_is_made_later_runs_first() -> None:
    graph = from_torch(randomised(Small(WORKING["residual made later"])), SHAPE)
    assert [node.name for node in graph.nodes] == ["b", "avg_pool2d", "a"]


def test_the_input_may_be_the_residual() -> None:
    model, shape = Small(lambda m, x: x + m.same(x)), (8, 8, 4)
    graph, x = from_torch(randomised(model), shape), images(shape)
    assert _layer(graph, "same").residual == INPUT
    assert_same(graph, answers(model, x), x)


def test_the_model_is_left_as_it_is() -> None:
    model = ResNet9().half().train()
    from_torch(model, (32, 32, 3))
    assert model.training
    assert model.linear.weight.dtype == torch.float16


def test_a_model_in_training_mode_is_read_in_eval_mode() -> None:
    model, x = randomised(Small(functional_style)), images(SHAPE)
    expected = answers(model, x)
    assert_same(from_torch(model.train(), SHAPE), expected, x)


def _set(module: nn.Module, parameter: str, value: float) -> nn.Module:
    with torch.no_grad():
        getattr(module, parameter).view(-1)[0] = value
    return module


def _chain(*modules: nn.Module) -> nn.Module:
    return nn.Sequential(*modules)


def _branch(m: Any, x: Tensor) -> Tensor:
    return m.a(x) if x.sum() > 0 else m.b(x)


REFUSED: dict[str, tuple[nn.Module, str]] = {
    "groups": (_chain(nn.Conv2d(3, 6, 3, groups=3)), "0: groups=3"),
    "dilation": (_chain(nn.Conv2d(3, 6, 3, dilation=2)), "0: dilation=(2, 2)"),
    "padding mode": (_chain(nn.Conv2d(3, 6, 3, padding=1, padding_mode="reflect")), "0: padding_mode='reflect'"),
    "kernel": (_chain(nn.Conv2d(3, 6, (3, 1))), "0: kernel (3, 1)"),
    "stride": (_chain(nn.Conv2d(3, 6, 3, stride=(1, 2))), "0: stride (1, 2)"),
    "padding": (_chain(nn.Conv2d(3, 6, 3, padding=(1, 0))), "0: padding (1, 0)"),
    "even kernel": (_chain(nn.Conv2d(3, 6, 2, padding="same")), "0: padding='same' with an even kernel"),
    "large kernel": (_chain(nn.Conv2d(3, 6, 9)), "0: a kernel of 9 x 9 on a map of 8 x 8"),
    "channels": (_chain(nn.Conv2d(4, 6, 3)), "0: its weights are for 4 channels, its input has 3"),
    "NaN": (_chain(_set(nn.Conv2d(3, 6, 3), "weight", float("nan"))), "0: NaN or infinity"),
    "infinite bias": (_chain(_set(nn.Conv2d(3, 6, 3), "bias", float("inf"))), "0: NaN or infinity"),
    "infinite norm": (
        _chain(nn.Conv2d(3, 6, 3), _set(nn.BatchNorm2d(6), "running_mean", float("inf"))),
        "1: NaN or infinity",
    ),
    "no statistics": (_chain(nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6, track_running_stats=False)), "1: BatchNorm without"),
    "norm in front": (_chain(nn.BatchNorm2d(3), nn.Conv2d(3, 6, 3)), "0: BatchNorm that is not directly behind"),
    "norm behind relu": (_chain(nn.Conv2d(3, 6, 3), nn.ReLU(), nn.BatchNorm2d(6)), "2: BatchNorm that is not directly"),
    "norm of others": (_chain(nn.Conv2d(3, 6, 3), nn.BatchNorm2d(5)), "1: is for 5 channels, not 6"),
    "relu in front": (_chain(nn.ReLU(), nn.Conv2d(3, 6, 3)), "0: ReLU that is not behind"),
    "relu behind mean pool": (_chain(nn.Conv2d(3, 6, 3), nn.AvgPool2d(2), nn.ReLU()), "2: ReLU that is not behind"),
    "module": (_chain(nn.Conv2d(3, 6, 3), nn.GELU()), "1: GELU is not supported"),
    "subclass": (_chain(nn.ConvTranspose2d(3, 6, 3)), "0: ConvTranspose2d is not supported"),
    "function": (Small(lambda m, x: torch.sigmoid(m.a(x))), "sigmoid: sigmoid is not supported"),
    "method": (Small(lambda m, x: m.a(x).tanh()), "tanh: tanh is not supported"),
    "pool padding": (_chain(nn.MaxPool2d(3, padding=1)), "0: pool with padding"),
    "ceil mode": (_chain(nn.AvgPool2d(3, ceil_mode=True)), "0: pool with padding or ceil_mode"),
    "pool kernel": (_chain(nn.MaxPool2d((2, 1))), "0: kernel (2, 1)"),
    "pool dilation": (_chain(nn.MaxPool2d(2, dilation=2)), "0: max pool with dilation"),
    "divisor": (_chain(nn.AvgPool2d(2, divisor_override=3)), "0: mean pool with divisor_override"),
    "adaptive": (_chain(nn.AdaptiveAvgPool2d(2)), "0: adaptive pool to 2"),
    "flatten": (_chain(nn.Conv2d(3, 6, 3), nn.Flatten(0)), "1: flatten of axes 0 to -1"),
    "view": (Small(lambda m, x: m.a(x).view(-1, 4, 64)), "view: only reshapes to (images, features)"),
    "view of one image": (Small(lambda m, x: m.a(x).view(1, -1)), "view: only reshapes to (images, features)"),
    "features": (Small(lambda m, x: m.a(x).view(-1, 128)), "view: reshapes 8 x 8 x 4 to 128 features"),
    "linear of a map": (_chain(nn.Linear(8, 2)), "0: its input is a map"),
    "linear of others": (_chain(nn.Flatten(), nn.Linear(100, 2)), "1: its weights are for 100 features, its input has"),
    "conv of a vector": (_chain(nn.Flatten(), nn.Conv2d(192, 2, 1)), "1: needs a map, its input is flattened"),
    "constant": (Small(lambda m, x: m.a(x) + 1), "add: reads 1, which is no single tensor"),
    "alpha": (Small(lambda m, x: torch.add(m.a(x), m.b(x), alpha=2)), "add: addition with alpha=2"),
    "slices": (Small(lambda m, x: m.same(m.a(x)[:, :])), "same: reads getitem"),
    "pools added": (
        Small(lambda m, x: functional.max_pool2d(m.a(x), 2) + functional.max_pool2d(m.b(x), 2)),
        "add: neither operand is a layer",
    ),
    "added to itself": (Small(lambda m, x: operator.add(y := m.a(x), y)), "add: neither operand is a layer"),
    "two residuals": (
        Small(lambda m, x: (m.a(x) + m.b(x)) + functional.avg_pool2d(m.b(x), 1)),
        "add_1: neither operand is a layer that has no addition yet",
    ),
    "broadcast": (
        Small(lambda m, x: m.a(x) + functional.adaptive_avg_pool2d(m.b(x), 1)),
        "add: adds maps of 8 x 8 x 4 and 1 x 1 x 4",
    ),
    "tensor read twice": (
        Small(lambda m, x: m.same(y := m.a(x)) + torch.relu(y)),
        "relu: cannot be fused, what is in front of it is also read elsewhere",
    ),
    "flattened twice": (
        Small(lambda m, x: m.linear((y := m.a(x)).flatten(1).relu()) + m.linear(y.flatten(1))),
        "relu: cannot be fused, what is in front of it is also read elsewhere",
    ),
    "norm read twice": (Small(lambda m, x: m.norm(y := m.a(x)) + m.same(y)), "norm: cannot be fused"),
    "control flow": (Small(_branch), "Small: torch.fx cannot trace its forward()"),
    "two outputs": (Small(lambda m, x: (m.a(x), m.b(x))), "output: reads (a, b)"),
    "no layer": (_chain(nn.Dropout()), "input: the model has no layer"),
    "dropout": (Small(lambda m, x: functional.dropout(m.a(x))), "dropout: dropout that is on in eval mode"),
}


@pytest.mark.parametrize(("model", "message"), REFUSED.values(), ids=REFUSED)
def test_what_the_unit_cannot_run_is_refused_in_one_line(model: nn.Module, message: str) -> None:
    with pytest.raises(InputError) as error:
        from_torch(model, SHAPE)
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value)


def test_two_inputs_are_refused() -> None:
    class Two(nn.Module):
        def forward(self, x: Tensor, y: Tensor) -> Tensor:
            return x + y

    with pytest.raises(InputError, match=r"^y: a second input"):
        from_torch(Two(), SHAPE)


def test_a_flattened_map_must_be_square() -> None:
    for pool in (nn.Identity(), nn.AdaptiveAvgPool2d(1)):
        model = nn.Sequential(pool, nn.Flatten(), nn.Linear(6 * 8 * 3, 2))
        with pytest.raises(InputError, match=r"^[02]: .* map of 6 x 8; only square ones"):
            from_torch(model, (6, 8, 3))
