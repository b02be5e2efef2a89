"""Networks and images that came to harm: a result, or one line, and never anything else.

The environment's NMPU_FUZZ = n asks for n times as many examples.
"""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from onnx import helper, numpy_helper
from test_fuzz_readers import NO_ARRAY, npz

from nmpu_aimc.networks.from_onnx import from_onnx
from nmpu_aimc.networks.zoo import load_network
from nmpu_spec.errors import InputError
from nmpu_verif.fuzz.damage import archives, damaged
from nmpu_verif.fuzz.effort import examples


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where every example writes the same files again."""
    return tmp_path_factory.mktemp("fuzz")


@cache
def network() -> bytes:
    """A convolution, ReLU, a mean, and a linear layer as ONNX."""
    weights = {"w": np.ones((4, 3, 3, 3)), "b": np.ones(4), "v": np.ones((4, 2))}
    nodes = [
        helper.make_node("Conv", ["x", "w", "b"], ["c"], pads=[1, 1, 1, 1], kernel_shape=[3, 3]),
        helper.make_node("Relu", ["c"], ["r"]),
        helper.make_node("GlobalAveragePool", ["r"], ["m"]),
        helper.make_node("Flatten", ["m"], ["f"]),
        helper.make_node("Gemm", ["f", "v"], ["y"]),
    ]
    ends = [helper.make_tensor_value_info(name, 1, shape) for name, shape in (("x", ("n", 3, 8, 8)), ("y", ("n", 2)))]
    constants = [numpy_helper.from_array(array.astype(np.float32), name) for name, array in weights.items()]
    graph = helper.make_graph(nodes, "net", ends[:1], ends[1:], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    return bytes(model.SerializeToString())


def images() -> dict[str, np.ndarray]:
    return {"images": np.ones((2, 8, 8, 3)), "labels": np.zeros(2, int), "calibration": np.ones((1, 8, 8, 3))}


@examples(80)
@given(st.deferred(lambda: damaged(network())))
@example(network().replace(b"Conv", b"\1\1\1\x80"))  # an operator's name that is no UTF-8
def test_network_in_onnx(folder: Path, data: bytes) -> None:
    path = folder / "net.onnx"
    path.write_bytes(data)
    try:
        from_onnx(path, (8, 8, 3))
    except InputError as error:  # which names the file, or a node
        assert str(error).isprintable(), error


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # numbers that float32 does not hold
@examples(50)
@given(st.deferred(lambda: archives(images())))
@example(NO_ARRAY)
@example(b"")
@example(npz(images=np.ones((1, 8, 8, 3)), labels=np.array(0), calibration=np.ones((1, 8, 8, 3))))
@example(npz(images=np.ones((1, 8, 8, 3)), labels=np.array(["cat"]), calibration=np.ones((1, 8, 8, 3))))
def test_images_of_a_network(folder: Path, data: bytes) -> None:
    (folder / "net.onnx").write_bytes(network())
    path = folder / "images.npz"
    path.write_bytes(data)
    try:
        load_network(str(folder / "net.onnx"), path)
    except InputError as error:  # which names the file, or the network's input
        assert str(error).isprintable(), error
