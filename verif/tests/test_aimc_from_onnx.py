"""An ONNX file answers as onnx's own reference evaluator says; quantised ones as their weights' codes say."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from networks import answers, assert_same, images, randomised
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from nmpu_aimc.networks.from_onnx import from_onnx
from nmpu_aimc.networks.graph import Graph, Layer, Pool
from nmpu_aimc.networks.resnet import ResNet9, ResNet32
from nmpu_spec.errors import InputError

SHAPE = (8, 8, 3)
RANDOM = np.random.default_rng(3)
WEIGHT, BIAS = RANDOM.normal(size=(4, 3, 3, 3)).astype(np.float32), RANDOM.normal(size=4).astype(np.float32)
SQUARE = RANDOM.normal(size=(4, 4, 1, 1)).astype(np.float32)
DENSE, DENSE_BIAS = RANDOM.normal(size=(64, 5)).astype(np.float32), RANDOM.normal(size=5).astype(np.float32)
POSITIVE = RANDOM.uniform(0.5, 2, size=4).astype(np.float32)

Arrays = dict[str, NDArray[Any]]
CONV = helper.make_node("Conv", ["x", "conv.weight", "bias"], ["c"], pads=[1, 1, 1, 1])
ARRAYS: Arrays = {"conv.weight": WEIGHT, "bias": BIAS, "square": SQUARE, "dense": DENSE, "dense_bias": DENSE_BIAS}


def node(operator: str, inputs: str, output: str, **attributes: Any) -> onnx.NodeProto:
    return helper.make_node(operator, inputs.split(), [output], name=f"node_{output}", **attributes)


def file(path: Path, nodes: Sequence[onnx.NodeProto], arrays: Arrays, sizes: Sequence[Any] = ("n", 3, 8, 8)) -> Path:
    """The model of `nodes` from the tensor x to the last node's output."""
    rest = ["features"] if nodes[-1].op_type in {"Gemm", "Flatten", "Reshape"} else ["channels", "height", "width"]
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, sizes)],
        [helper.make_tensor_value_info(nodes[-1].output[0], TensorProto.FLOAT, ["n", *rest])],
        [numpy_helper.from_array(array, name) for name, array in arrays.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10), path)
    return path


WORKING: dict[str, list[onnx.NodeProto]] = {
    "conv": [CONV],
    "conv without bias": [node("Conv", "x conv.weight", "c", strides=[2, 2], kernel_shape=[3, 3])],
    "batch normalization": [CONV, node("BatchNormalization", "c scale bias mean var", "y", epsilon=0.1)],
    "relu": [CONV, node("Relu", "c", "y")],
    "dropout and identity": [CONV, node("Dropout", "c", "d"), node("Identity", "d", "y")],
    "residual": [CONV, node("Conv", "c square", "d"), node("Add", "d c", "s"), node("Relu", "s", "y")],
    "max pool": [CONV, node("MaxPool", "c", "y", kernel_shape=[3, 3], strides=[2, 2])],
    "mean pool": [CONV, node("AveragePool", "c", "y", kernel_shape=[2, 2])],
    "a tensor called input": [node("Conv", "x conv.weight", "input"), node("Relu", "input", "y")],
    "flatten": [
        *(CONV, node("MaxPool", "c", "p", kernel_shape=[2, 2], strides=[2, 2]), node("Flatten", "p", "f")),
        node("Gemm", "f dense dense_bias", "y"),
    ],
    "reshape, transposed": [
        *(CONV, node("MaxPool", "c", "p", kernel_shape=[2, 2], strides=[2, 2])),
        node("Constant", "", "sizes", value_ints=[-1, 64]),
        *(node("Reshape", "p sizes", "f"), node("Transpose", "dense", "t", perm=[1, 0])),
        node("Gemm", "f t", "y", transB=1),
    ],
    "global": [CONV, node("GlobalAveragePool", "c", "g"), node("Flatten", "g", "y")],
    "mean of axes": [
        *(CONV, node("Constant", "", "axes", value_ints=[-1, -2])),
        *(node("ReduceMean", "c axes", "m", keepdims=1), node("Flatten", "m", "y")),
    ],
}
STATISTICS: Arrays = {"scale": POSITIVE, "mean": BIAS * 2, "var": POSITIVE * 3}


@pytest.mark.parametrize("nodes", WORKING.values(), ids=WORKING)
def test_a_small_file_answers_the_same(nodes: list[onnx.NodeProto], tmp_path: Path) -> None:
    path, x = file(tmp_path / "net.onnx", nodes, ARRAYS | STATISTICS), images(SHAPE)
    (expected,) = ReferenceEvaluator(str(path)).run(None, {"x": x.transpose(0, 3, 1, 2)})
    assert_same(from_onnx(path, SHAPE), expected, x)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("network", [ResNet9, ResNet32])
def test_networks_that_pytorch_exports_answer_the_same(network: type[torch.nn.Module], tmp_path: Path) -> None:
    torch.manual_seed(0)
    model, path, x = randomised(network()), tmp_path / "net.onnx", images((32, 32, 3), 8)
    # The exporter of TorchScript needs no further package; the newer one writes the same operators.
    torch.onnx.export(model, (torch.zeros(1, 3, 32, 32),), path, dynamo=False)
    assert_same(from_onnx(path, (32, 32, 3)), answers(model, x), x)


def _pair(tensor: str, out: str, zero: str) -> list[onnx.NodeProto]:
    return [
        node("QuantizeLinear", f"{tensor} step {zero}", f"{out}_codes"),
        node("DequantizeLinear", f"{out}_codes step {zero}", out),
    ]


QUANTISED: Arrays = {
    **ARRAYS,
    "step": np.array(0.05, np.float32),
    "signed": np.array(0, np.int8),
    "lowest": np.array(-128, np.int8),
    "unsigned": np.array(0, np.uint8),
    "codes": RANDOM.integers(-127, 128, size=WEIGHT.shape, dtype=np.int8),
    "steps": POSITIVE / 100,
    "zeros": np.array([0, 1, -2, 3], np.int8),
    "bias_codes": RANDOM.integers(-1000, 1000, size=4, dtype=np.int32),
    "bias_steps": POSITIVE / 1000,
}
CODED = [
    *_pair("x", "xq", "unsigned"),
    node("DequantizeLinear", "codes steps zeros", "w", axis=0),
    node("DequantizeLinear", "bias_codes bias_steps", "b", axis=0),
    node("Conv", "xq w b", "c", pads=[1, 1, 1, 1]),
]


def _only(graph: Graph) -> Layer:
    (layer,) = graph.layers
    return layer


def test_weights_take_the_values_of_their_codes(tmp_path: Path) -> None:
    layer = _only(from_onnx(file(tmp_path / "net.onnx", CODED, QUANTISED), SHAPE))
    steps, zeros = QUANTISED["steps"][:, None, None, None], QUANTISED["zeros"][:, None, None, None].astype(np.float32)
    values = (QUANTISED["codes"] - zeros) * steps
    assert np.array_equal(layer.weight, values.transpose(2, 3, 1, 0).reshape(27, 4))
    assert np.array_equal(layer.bias, QUANTISED["bias_codes"].astype(np.float32) * QUANTISED["bias_steps"])


@pytest.mark.parametrize(("zero", "relu"), [("signed", False), ("lowest", True), ("unsigned", True), ("", True)])
def test_a_pair_behind_a_layer_is_a_relu_where_it_has_no_negative_codes(zero: str, relu: bool, tmp_path: Path) -> None:
    pooled = node("MaxPool", "cq", "p", kernel_shape=[2, 2])
    nodes = [*CODED, *_pair("c", "cq", zero), pooled, *_pair("p", "y", zero)]
    graph = from_onnx(file(tmp_path / "net.onnx", nodes, QUANTISED), SHAPE)
    assert _only(graph).relu_2 is relu
    assert graph.nodes[1:] == (Pool("node_p", "node_c", "max", 2, 1),)


REFUSED: dict[str, tuple[list[onnx.NodeProto], str]] = {
    "operator": ([CONV, node("Sigmoid", "c", "y")], "node_y: Sigmoid is not supported (supported: Add,"),
    "group": ([node("Conv", "x grouped", "y", group=3)], "node_y: group=3"),
    "pads": ([node("Conv", "x conv.weight", "y", pads=[0, 0, 1, 1])], "conv: pads [0, 0, 1, 1]; only one number"),
    "auto_pad": ([node("Conv", "x square", "y", auto_pad="SAME_UPPER")], "node_y: auto_pad SAME_UPPER"),
    "dilations": ([node("Conv", "x square", "y", dilations=[2, 2])], "node_y: dilations [2, 2]; only 1"),
    "NaN": ([node("Conv", "x broken", "y")], "node_y: NaN or infinity"),
    "pool": ([node("MaxPool", "x", "y", kernel_shape=[2, 2], pads=[1, 1, 1, 1])], "node_y: pool with padding"),
    "Gemm": ([node("Flatten", "x", "f"), node("Gemm", "f dense", "y", alpha=2.0)], "node_y: Gemm with alpha"),
    "flatten": ([node("Flatten", "x", "y", axis=2)], "node_y: flatten at axis 2"),
    "reshape": (
        [node("Constant", "", "sizes", value_ints=[-1, 3, 64]), node("Reshape", "x sizes", "y")],
        "node_y: reshape to [-1, 3, 64]",
    ),
    "mean": (
        [node("Constant", "", "axes", value_ints=[1]), node("ReduceMean", "x axes", "y")],
        "node_y: mean over axes [1]",
    ),
    "constant": ([CONV, node("Add", "c bias", "y")], "node_y: reads bias, which is made by no layer"),
    "weights of another layer": ([CONV, node("Conv", "x c", "y")], "node_y: c is computed from the input"),
    "output": ([node("Identity", "bias", "y")], "net.onnx: reads y, which is made by no layer"),
}


@pytest.mark.parametrize(("nodes", "message"), REFUSED.values(), ids=REFUSED)
def test_what_the_unit_cannot_run_is_refused(nodes: list[onnx.NodeProto], message: str, tmp_path: Path) -> None:
    arrays = ARRAYS | {"grouped": WEIGHT[:3, :1], "broken": np.full((2, 3, 1, 1), np.nan, np.float32)}
    path = file(tmp_path / "net.onnx", nodes, arrays)
    with pytest.raises(InputError) as error:
        from_onnx(path, SHAPE)
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value)


def test_sizes_that_the_file_leaves_open_are_the_data_s(tmp_path: Path) -> None:
    path = file(tmp_path / "net.onnx", [CONV], ARRAYS, ("n", 3, "height", "width"))
    assert from_onnx(path, (9, 5, 3)).shape == (9, 5, 3)


def test_another_input_than_the_data_s_is_refused(tmp_path: Path) -> None:
    path = file(tmp_path / "net.onnx", [CONV], ARRAYS)
    with pytest.raises(InputError, match=r"^x: the model takes \[3, 8, 8\] for each image, the data has \[3, 9, 8\]$"):
        from_onnx(path, (9, 8, 3))


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    for content in (b"text", b""):
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"net\.onnx: is no valid ONNX file: ") as error:
            from_onnx(path, SHAPE)
        assert "\n" not in str(error.value)
    with pytest.raises(InputError, match=r"absent\.onnx: is no valid ONNX file: .*No such file"):
        from_onnx(tmp_path / "absent.onnx", SHAPE)
