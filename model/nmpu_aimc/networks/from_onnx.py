"""An ONNX file as a graph of layers: in floating point, or quantised with QuantizeLinear and DequantizeLinear (QDQ).

Read with the `onnx` package itself. Of the converters to PyTorch, onnx2torch had its last release in 2024 and needs
torchvision; the few operators that the unit can run need no converter.
"""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from numpy.typing import NDArray
from onnx import NodeProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from nmpu_aimc.networks.fuse import Map, Operation, Relu, fuse
from nmpu_aimc.networks.graph import INPUT, Graph
from nmpu_aimc.networks.onnx_operators import OPERATORS
from nmpu_spec.errors import InputError

_FOLDED = {"Constant", "QuantizeLinear", "DequantizeLinear", "Identity", "Transpose", "Cast", "Reshape"}
"""Evaluated by onnx's reference evaluator where all of their inputs are constants."""
_PASSED = {"Identity", "Dropout", "QuantizeLinear", "DequantizeLinear"}
"""Nothing to be run, on a tensor that is no constant."""


def from_onnx(path: Path, shape: Map) -> Graph:
    """The model of an ONNX file for an input of `shape` (height, width, channels); in the file channels come first.

    Conv, Gemm, BatchNormalization, Relu, Add, MaxPool, AveragePool, GlobalAveragePool, ReduceMean over the map,
    Flatten, Reshape to (images, features), Dropout and Identity, with the limits of `from_torch`. A layer is called
    after its weights ("layer1.0.conv1" where they are "layer1.0.conv1.weight"), otherwise after its node or output.

    QDQ: weights take the values of their codes. A pair on activations is left out, since the unit's own calibration
    finds their ranges; where its lowest code stands for zero it becomes the ReLU that it is (onnxruntime drops the
    Relu in front of such a pair).

    Raises `InputError` of one line for a file that is none, and, naming the node, for everything else.
    """
    try:
        model = onnx.load(path)
        onnx.checker.check_model(model)
    except (OSError, UnicodeError, DecodeError, onnx.checker.ValidationError) as error:
        said = "".join(letter for letter in str(error).strip().partition("\n")[0] if letter.isprintable())
        raise InputError(f"{path}: is no valid ONNX file: {said}") from None
    reader = _Reader(model.graph, shape)
    for node in model.graph.node:
        reader.add(node)
    return fuse(reader.operations, reader.tensor(path.name, model.graph.output[0].name), shape)


class _Reader:
    def __init__(self, graph: onnx.GraphProto, shape: Map) -> None:
        self.constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
        inputs = [value for value in graph.input if value.name not in self.constants]
        if (len(inputs), len(graph.output)) != (1, 1):
            raise InputError(f"{graph.name!r}: {len(inputs)} inputs and {len(graph.output)} outputs; must be one each")
        _check_input(inputs[0], shape)
        self.tensors = {inputs[0].name: INPUT}
        """By the name in the file: the tensor of the operations that it is."""
        self.operations: list[Operation] = []

    def tensor(self, reader: str, name: str) -> str:
        if name not in self.tensors:
            raise InputError(f"{reader}: reads {name}, which is made by no layer")
        return self.tensors[name]

    def add(self, node: NodeProto) -> None:
        name, out, inputs = _name(node), node.output[0], [name for name in node.input if name]
        if node.op_type in _FOLDED and all(operand in self.constants for operand in inputs):
            values: Any = ReferenceEvaluator(node).run(None, {operand: self.constants[operand] for operand in inputs})
            self.constants[out] = values[0]
            return
        if node.domain not in {"", "ai.onnx"} or node.op_type not in OPERATORS.keys() | _PASSED:
            supported = ", ".join(sorted(OPERATORS.keys() | _PASSED))
            raise InputError(f"{name}: {node.op_type} is not supported (supported: {supported})")
        operands = 2 if node.op_type == "Add" else 1
        sources = tuple(self.tensor(name, operand) for operand in inputs[:operands])
        # Of our own making: a tensor in the file may be called as the input is here.
        made = f"{len(self.operations)} {out}"
        if node.op_type in _PASSED:
            self.tensors[out] = sources[0]
            if node.op_type == "QuantizeLinear" and sources[0] != INPUT and self._rectifies(inputs[2:]):
                self._append(out, Relu(name, made, sources))
            return
        unknown = [operand for operand in inputs[operands:] if operand not in self.constants]
        if unknown:
            raise InputError(f"{name}: {unknown[0]} is computed from the input; export with a fixed number of images")
        constants = [self.constants[operand] for operand in inputs[operands:]]
        attributes = {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
        self._append(out, OPERATORS[node.op_type](name, made, sources, constants, attributes))

    def _append(self, out: str, operation: Operation) -> None:
        self.operations.append(operation)
        self.tensors[out] = operation.out

    def _rectifies(self, zero_point: list[str]) -> bool:
        """Whether no code stands for a negative number; without a zero point codes are uint8 and start at zero."""
        if not zero_point:
            return True
        zero: NDArray[Any] = self.constants[zero_point[0]]
        return bool((zero == np.iinfo(zero.dtype).min).all())


def _check_input(value: onnx.ValueInfoProto, shape: Map) -> None:
    height, width, channels = shape
    sizes = [axis.dim_value for axis in value.type.tensor_type.shape.dim][1:]
    wanted = [channels, height, width] if len(sizes) == 3 else [height * width * channels]
    # A size of 0 is one that the file leaves open.
    if len(sizes) != len(wanted) or any(size not in {0, want} for size, want in zip(sizes, wanted, strict=True)):
        raise InputError(f"{value.name}: the model takes {sizes} for each image, the data has {wanted}")


def _name(node: NodeProto) -> str:
    weights = node.input[1] if len(node.input) > 1 and node.input[1].endswith(".weight") else ""
    return weights.removesuffix(".weight") or node.name or node.output[0]
