"""From single operations, as PyTorch and ONNX have them, to the layers that the unit runs.

An operation names the tensor that it makes (`out`) and those that it reads; they come in the order of execution. What
stands behind a convolution is fused into its layer while nothing else reads the tensor between them:

    convolution or linear [+ BatchNorm] [+ ReLU] [+ addition of another tensor [+ ReLU]]

Maps are (height, width, channels). A linear operation is a convolution whose kernel is the whole map.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import singledispatchmethod

import numpy as np

from nmpu_aimc.networks.graph import INPUT, Graph, Layer, Node, Pool, Reals
from nmpu_spec.errors import InputError

Map = tuple[int, int, int]


@dataclass(frozen=True)
class Operation:
    """`name` is for layers and messages, `out` the tensor that is made; `sources` are the tensors that are read."""

    name: str
    out: str
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Conv(Operation):
    """Weight (channels, inputs, kernel, kernel), bias (channels,); zeros around the map."""

    weight: Reals
    bias: Reals
    stride: int
    padding: int


@dataclass(frozen=True)
class Linear(Operation):
    """Weight (channels, inputs), bias (channels,); the inputs in the order (channel, y, x) of a flattened map."""

    weight: Reals
    bias: Reals


@dataclass(frozen=True)
class Norm(Operation):
    """slope * x + bias of each channel: BatchNorm with its running statistics."""

    slope: Reals
    bias: Reals


@dataclass(frozen=True)
class Relu(Operation):
    pass


@dataclass(frozen=True)
class Add(Operation):
    """The sum of two tensors."""


@dataclass(frozen=True)
class Pooling(Operation):
    """`kind` is "max" or "mean"; without `kernel` the whole map."""

    kind: str
    kernel: int | None
    stride: int = 1


@dataclass(frozen=True)
class Flatten(Operation):
    """To (images, features); `features` is None where the model leaves them to be counted."""

    features: int | None = None


@dataclass(frozen=True)
class _Tensor:
    """Made by the node `node`. `pooled` is the tensor in front of a max pool, which a ReLU behind it may pass."""

    node: str
    map: Map
    flat: bool = False
    pooled: str | None = None


def fuse(operations: Sequence[Operation], output: str, shape: Map) -> Graph:
    """The graph of what the tensor `output` needs, for an input map of `shape`; its tensor is called `INPUT`.

    Raises `InputError`, which names the operation and the reason, for what the unit cannot run.
    """
    fuser = _Fuser(_needed(operations, output), output, shape)
    for operation in fuser.operations:
        fuser.add(operation)
    if not fuser.nodes:
        raise InputError(f"{output}: the model has no layer between its input and its output")
    return Graph(tuple(fuser.nodes.values()), shape)


def _needed(operations: Sequence[Operation], output: str) -> list[Operation]:
    wanted, kept = {output}, []
    for operation in reversed(operations):
        if operation.out in wanted:
            wanted.update(operation.sources)
            kept.append(operation)
    return kept[::-1]


class _Fuser:
    def __init__(self, operations: Sequence[Operation], output: str, shape: Map) -> None:
        self.operations = operations
        self.readers = Counter([output, *(source for operation in operations for source in operation.sources)])
        self.nodes: dict[str, Node] = {}
        # An input without height and width is a vector already.
        self.tensors = {INPUT: _Tensor(INPUT, shape, flat=shape[:2] == (1, 1))}

    @singledispatchmethod
    def add(self, operation: Operation) -> None:
        raise NotImplementedError(type(operation))

    @add.register
    def _(self, operation: Conv) -> None:
        self._spatial(operation)
        self._layer(operation, operation.weight, operation.bias, operation.stride, operation.padding)

    @add.register
    def _(self, operation: Linear) -> None:
        source = self._source(operation)
        height, width, inputs = source.map
        if not source.flat:
            raise InputError(f"{operation.name}: its input is a map; flatten it first")
        if height != width:
            raise InputError(f"{operation.name}: a flattened map of {height} x {width}; only square ones can be read")
        features = operation.weight.shape[1]
        if features != height * width * inputs:
            raise InputError(
                f"{operation.name}: its weights are for {features} features, its input has {height * width * inputs}"
            )
        weight = operation.weight.reshape(-1, inputs, height, width)
        self._layer(operation, weight, operation.bias, stride=1, padding=0)

    def _layer(self, operation: Operation, weight: Reals, bias: Reals, stride: int, padding: int) -> None:
        _finite(operation.name, weight, bias)
        channels, inputs, kernel, width = weight.shape
        source = self._source(operation)
        if kernel != width:
            raise InputError(f"{operation.name}: a kernel of {kernel} x {width}; only square ones are supported")
        if inputs != source.map[2]:
            raise InputError(f"{operation.name}: its weights are for {inputs} channels, its input has {source.map[2]}")
        rows = weight.transpose(2, 3, 1, 0).reshape(-1, channels)
        layer = Layer(self._free(operation.name), source.node, rows, np.ones(channels), bias, kernel, stride, padding)
        size = _windows(operation.name, source.map, kernel, stride, padding)
        self.nodes[layer.name] = layer
        self.tensors[operation.out] = _Tensor(layer.name, (*size, channels), source.flat)

    @add.register
    def _(self, operation: Norm) -> None:
        _finite(operation.name, operation.slope, operation.bias)
        source, layer = self._host(operation, operation.sources[0])
        if layer is None or layer.relu_2 or layer.residual is not None:
            raise InputError(f"{operation.name}: BatchNorm that is not directly behind a convolution or linear layer")
        if len(operation.slope) != layer.channels:
            raise InputError(f"{operation.name}: is for {len(operation.slope)} channels, not {layer.channels}")
        slope, bias = operation.slope * layer.slope, operation.slope * layer.bias + operation.bias
        self.nodes[layer.name] = replace(layer, slope=slope, bias=bias)
        self.tensors[operation.out] = source

    @add.register
    def _(self, operation: Relu) -> None:
        self.tensors[operation.out] = self._source(operation)
        if self._positive(self._source(operation).node):
            self.readers[operation.out] += self.readers[operation.sources[0]] - 1
            return
        tensor = operation.sources[0]
        # The largest of rectified values is the rectified largest value.
        while (pooled := self.tensors[tensor].pooled) is not None and self.readers[tensor] == 1:
            tensor = pooled
        layer = self._host(operation, tensor)[1]
        if layer is None:
            raise InputError(f"{operation.name}: ReLU that is not behind a convolution, linear layer or addition")
        self.nodes[layer.name] = replace(layer, relu_2=True)

    @add.register
    def _(self, operation: Add) -> None:
        left, right = (self.tensors[name] for name in operation.sources)
        if (left.map, left.flat) != (right.map, right.flat):
            raise InputError(f"{operation.name}: adds maps of {_size(left.map)} and {_size(right.map)}")
        order = list(self.nodes)
        hosts = []
        for tensor, other in zip(operation.sources, reversed(operation.sources), strict=True):
            node = self.nodes.get(self.tensors[tensor].node)
            if isinstance(node, Layer) and node.residual is None and self.readers[tensor] == 1:
                hosts.append((order.index(node.name), node, tensor, other))
        if not hosts:
            raise InputError(
                f"{operation.name}: neither operand is a layer that has no addition yet and that nothing else reads"
            )
        _, host, tensor, other = max(hosts, key=lambda entry: entry[0])
        # Behind all others: the residual may be made later than the layer that it is added to.
        del self.nodes[host.name]
        self.nodes[host.name] = replace(host, relu_1=host.relu_2, relu_2=False, residual=self.tensors[other].node)
        self.tensors[operation.out] = self.tensors[tensor]

    @add.register
    def _(self, operation: Pooling) -> None:
        source = self._spatial(operation)
        height, width, channels = source.map
        if operation.kernel is None and height != width:
            raise InputError(f"{operation.name}: pools a whole map of {height} x {width}; only square ones can be")
        kernel = operation.kernel or height
        size = _windows(operation.name, source.map, kernel, operation.stride, 0)
        pool = Pool(self._free(operation.name), source.node, operation.kind, kernel, operation.stride)
        self.nodes[pool.name] = pool
        pooled = operation.sources[0] if operation.kind == "max" else None
        self.tensors[operation.out] = _Tensor(pool.name, (*size, channels), pooled=pooled)

    @add.register
    def _(self, operation: Flatten) -> None:
        source = self._source(operation)
        features = int(np.prod(source.map))
        if operation.features not in {None, features}:
            raise InputError(f"{operation.name}: reshapes {_size(source.map)} to {operation.features} features")
        self.tensors[operation.out] = replace(source, flat=True)
        self.readers[operation.out] += self.readers[operation.sources[0]] - 1

    def _source(self, operation: Operation) -> _Tensor:
        return self.tensors[operation.sources[0]]

    def _spatial(self, operation: Operation) -> _Tensor:
        source = self._source(operation)
        if source.flat:
            raise InputError(f"{operation.name}: needs a map, its input is flattened")
        return source

    def _host(self, operation: Operation, tensor: str) -> tuple[_Tensor, Layer | None]:
        """The tensor, and the layer that `operation` can be fused into, which nothing but it may read."""
        node = self.nodes.get(self.tensors[tensor].node)
        if self.readers[tensor] > 1:
            raise InputError(f"{operation.name}: cannot be fused, what is in front of it is also read elsewhere")
        return self.tensors[tensor], node if isinstance(node, Layer) else None

    def _positive(self, name: str) -> bool:
        node = self.nodes.get(name)
        if isinstance(node, Pool):
            return self._positive(node.source)
        return node is not None and node.positive

    def _free(self, name: str) -> str:
        """`name`, or with a number where a module is called more than once."""
        free, again = name, 0
        while free in self.nodes or free == INPUT:
            again += 1
            free = f"{name}_{again}"
        return free


def _finite(name: str, *arrays: Reals) -> None:
    if not all(np.isfinite(array).all() for array in arrays):
        raise InputError(f"{name}: NaN or infinity among its weights")


def _windows(name: str, source: Map, kernel: int, stride: int, padding: int) -> tuple[int, int]:
    """Height and width of the output; a last window that does not fit is left out."""
    height, width = ((size + 2 * padding - kernel) // stride + 1 for size in source[:2])
    if min(height, width) < 1:
        raise InputError(f"{name}: a kernel of {kernel} x {kernel} on a map of {source[0]} x {source[1]}")
    return height, width


def _size(shape: Map) -> str:
    return " x ".join(map(str, shape))
