"""ONNX operators as the operations of `nmpu_aimc.networks.fuse`.

Each reader takes a node's name and output, its data inputs, its constant inputs in their order, and its attributes.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nmpu_aimc.networks.fuse import Add, Conv, Flatten, Linear, Norm, Operation, Pooling, Relu
from nmpu_aimc.networks.graph import Reals
from nmpu_spec.errors import InputError

Sources = tuple[str, ...]
Constants = Sequence[NDArray[Any]]
Attributes = Mapping[str, Any]


def _one(name: str, what: str, values: Sequence[int] | None, default: int) -> int:
    """The one value of a list such as the strides of both axes."""
    if not values:
        return default
    if len(set(values)) != 1:
        raise InputError(f"{name}: {what} {list(values)}; only one number for height and width is supported")
    return int(values[0])


def _window(name: str, attributes: Attributes) -> tuple[int, int]:
    """Stride and padding; refuses what neither a convolution nor a pool may have."""
    padded = attributes.get("auto_pad", b"NOTSET")
    if padded not in {b"NOTSET", b"VALID"}:
        raise InputError(f"{name}: auto_pad {padded.decode()}; export with pads as numbers")
    if _one(name, "dilations", attributes.get("dilations"), 1) != 1:
        raise InputError(f"{name}: dilations {attributes['dilations']}; only 1 is supported")
    return _one(name, "strides", attributes.get("strides"), 1), _one(name, "pads", attributes.get("pads"), 0)


def _reals(array: NDArray[Any]) -> Reals:
    return array.astype(np.float64)


def _bias(constants: Constants, channels: int) -> Reals:
    return np.broadcast_to(_reals(constants[1]), (channels,)) if len(constants) > 1 else np.zeros(channels)


def _conv(name: str, out: str, sources: Sources, constants: Constants, attributes: Attributes) -> Operation:
    weight = _reals(constants[0])
    if attributes.get("group", 1) != 1:
        raise InputError(f"{name}: group={attributes['group']}; only 1 is supported")
    if weight.ndim != 4:
        raise InputError(f"{name}: a convolution over {weight.ndim - 2} axes; only 2 are supported")
    return Conv(name, out, sources, weight, _bias(constants, len(weight)), *_window(name, attributes))


def _gemm(name: str, out: str, sources: Sources, constants: Constants, attributes: Attributes) -> Operation:
    if attributes.get("alpha", 1) != 1 or attributes.get("beta", 1) != 1 or attributes.get("transA", 0):
        raise InputError(f"{name}: Gemm with alpha, beta or transA")
    weight = _reals(constants[0] if attributes.get("transB", 0) else constants[0].T)
    return Linear(name, out, sources, weight, _bias(constants, len(weight)))


def _norm(name: str, out: str, sources: Sources, constants: Constants, attributes: Attributes) -> Operation:
    if attributes.get("training_mode", 0):
        raise InputError(f"{name}: BatchNormalization in training mode; export the model in eval mode")
    gamma, beta, mean, var = map(_reals, constants)
    slope = gamma / np.sqrt(var + attributes.get("epsilon", 1e-5))  # ONNX's default
    return Norm(name, out, sources, slope, beta - mean * slope)


def _pool(kind: str) -> Callable[..., Operation]:
    def read(name: str, out: str, sources: Sources, _: Constants, attributes: Attributes) -> Operation:
        stride, padding = _window(name, attributes)
        if padding or attributes.get("ceil_mode", 0):
            raise InputError(f"{name}: pool with padding or ceil_mode")
        return Pooling(name, out, sources, kind, _one(name, "kernel", attributes["kernel_shape"], 1), stride)

    return read


def _whole_map(name: str, out: str, sources: Sources, constants: Constants, attributes: Attributes) -> Operation:
    """GlobalAveragePool, or ReduceMean over the last two of four axes."""
    axes = constants[0].tolist() if constants else attributes.get("axes", [2, 3])
    if {axis % 4 for axis in axes} != {2, 3} or attributes.get("keepdims", 1) != 1:
        raise InputError(f"{name}: mean over axes {axes}; only over height and width, with keepdims=1, is supported")
    return Pooling(name, out, sources, "mean", None)


def _flatten(name: str, out: str, sources: Sources, _: Constants, attributes: Attributes) -> Operation:
    if attributes.get("axis", 1) != 1:
        raise InputError(f"{name}: flatten at axis {attributes['axis']}; only at 1 is supported")
    return Flatten(name, out, sources)


def _reshape(name: str, out: str, sources: Sources, constants: Constants, _: Attributes) -> Operation:
    sizes = constants[0].tolist()
    if len(sizes) != 2 or sizes[1] == 0:
        raise InputError(f"{name}: reshape to {sizes}; only to (images, features) is supported")
    return Flatten(name, out, sources, None if sizes[1] == -1 else sizes[1])


OPERATORS: Mapping[str, Callable[[str, str, Sources, Constants, Attributes], Operation]] = {
    "Conv": _conv,
    "Gemm": _gemm,
    "BatchNormalization": _norm,
    "Relu": lambda name, out, sources, _, __: Relu(name, out, sources),
    "Add": lambda name, out, sources, _, __: Add(name, out, sources),
    "MaxPool": _pool("max"),
    "AveragePool": _pool("mean"),
    "GlobalAveragePool": _whole_map,
    "ReduceMean": _whole_map,
    "Flatten": _flatten,
    "Reshape": _reshape,
}
