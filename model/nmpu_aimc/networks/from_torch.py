"""A PyTorch model as a graph of layers, read by torch.fx: nothing of the model is run."""

import operator
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, fx, nn

from nmpu_aimc.networks.aihwkit import plain
from nmpu_aimc.networks.fuse import Add, Conv, Flatten, Linear, Map, Norm, Operation, Pooling, Relu, fuse
from nmpu_aimc.networks.graph import INPUT, Graph, Reals
from nmpu_spec.errors import InputError

_SUPPORTED = "Conv2d, Linear, BatchNorm, ReLU, addition, max and mean pools, flatten, Dropout, Identity"

_FUNCTIONS: dict[Any, Callable[..., nn.Module]] = {
    torch.relu: nn.ReLU,
    torch.relu_: nn.ReLU,
    nn.functional.relu: nn.ReLU,
    nn.functional.max_pool2d: nn.MaxPool2d,
    nn.functional.avg_pool2d: nn.AvgPool2d,
    nn.functional.adaptive_avg_pool2d: nn.AdaptiveAvgPool2d,
}
"""Functions whose arguments behind the first are those of a module."""
_ADDITIONS = {operator.add, operator.iadd, torch.add, "add", "add_"}
_METHODS = {"relu": torch.relu, "relu_": torch.relu}
_RESHAPES = {torch.reshape, "view", "reshape"}
_FLATTENS = {torch.flatten, "flatten"}
_SIZES = {"size", getattr, operator.getitem}
"""Of a tensor's shape, for the reshapes that count images; anything else that reads them is refused."""


def from_torch(model: nn.Module, shape: Map) -> Graph:
    """`model` in eval mode, for an input of `shape` (height, width, channels); the model itself is left as it is.

    Conv2d (square; zeros around the map; no groups, no dilation), Linear behind a flatten of a square map, BatchNorm
    directly behind one of them, ReLU, addition of two tensors, max and mean pools (square, unpadded) and global mean
    pools, as modules, functions or methods; Dropout and Identity are nothing. A layer has the path of its module.

        slope = gamma / sqrt(var + eps)        bias = beta + (convolution's bias - mean) * slope

    In an addition the layer is the operand that nothing else reads, of two the later one; the other operand is its
    residual. Layers of `aihwkit` are read by `nmpu_aimc.networks.aihwkit.plain`. Raises `InputError` of one line,
    which names the layer and the reason, for everything else.
    """
    traced = _traced(model)
    operations, output = _Reader(traced).read()
    return fuse(operations, output, shape)


def _traced(model: nn.Module) -> fx.GraphModule:
    copy = plain(model).eval().cpu().double()
    try:
        return fx.symbolic_trace(copy)
    # Tracing runs the user's forward(), which may raise anything.
    except Exception as error:
        reason = str(error).strip().split("\n")[0]
        raise InputError(f"{type(model).__name__}: torch.fx cannot trace its forward(): {reason}") from error


class _Reader:
    def __init__(self, traced: fx.GraphModule) -> None:
        self.traced = traced
        self.modules = dict(traced.named_modules())
        self.tensors: dict[fx.Node, str] = {}
        """The tensor that a node makes or passes on; sizes and constants are in none."""
        self.operations: list[Operation] = []

    def read(self) -> tuple[list[Operation], str]:
        output = ""
        for node in self.traced.graph.nodes:
            if node.op == "placeholder":
                if self.tensors:
                    raise InputError(f"{node.name}: a second input; the model may have one")
                self.tensors[node] = INPUT
            elif node.op == "output":
                output = self._tensor("output", node.args[0])
            elif node.op == "call_module":
                self._module(node, str(node.target), self.modules[str(node.target)])
            elif node.op in {"call_function", "call_method"}:
                self._function(node)
        return self.operations, output

    def _function(self, node: fx.Node) -> None:
        target = _METHODS.get(str(node.target), node.target) if node.op == "call_method" else node.target
        arguments, options = list(node.args), dict(node.kwargs)
        if target in _ADDITIONS:
            self._addition(node, arguments, options)
        elif target in _FLATTENS:
            first = arguments[1] if len(arguments) > 1 else options.get("start_dim", 0)
            last = arguments[2] if len(arguments) > 2 else options.get("end_dim", -1)
            self._module(node, node.name, nn.Flatten(first, last))  # type: ignore[arg-type]
        elif target in _RESHAPES:
            self._reshape(node)
        elif target is nn.functional.dropout:
            if options.get("training", True) is not False:
                raise InputError(f"{node.name}: dropout that is on in eval mode; pass training=self.training")
            self.tensors[node] = self._tensor(node.name, arguments[0])
        elif target in _FUNCTIONS:
            options.pop("input", None)
            self._module(node, node.name, _FUNCTIONS[target](*arguments[1:], **options))
        elif target not in _SIZES:
            raise InputError(f"{node.name}: {_title(target)} is not supported ({_SUPPORTED})")

    def _addition(self, node: fx.Node, arguments: list[Any], options: dict[str, Any]) -> None:
        if options.get("alpha", 1) != 1:
            raise InputError(f"{node.name}: addition with alpha={options['alpha']}")
        operands = [*arguments, options.get("other")][:2]
        self._append(Add(node.name, node.name, tuple(self._tensor(node.name, operand) for operand in operands)), node)

    def _reshape(self, node: fx.Node) -> None:
        """(-1 or the input's size, features or -1): features as a number are checked against the map."""
        sizes = node.args[1] if len(node.args) == 2 and isinstance(node.args[1], (list, tuple)) else node.args[1:]
        if len(sizes) != 2 or not (sizes[0] == -1 or isinstance(sizes[0], fx.Node)) or not isinstance(sizes[1], int):
            raise InputError(f"{node.name}: only reshapes to (images, features) are supported")
        features = None if sizes[1] == -1 else sizes[1]
        self._append(Flatten(node.name, node.name, (self._tensor(node.name, node.args[0]),), features), node)

    def _module(self, node: fx.Node, name: str, module: nn.Module) -> None:
        source = self._tensor(name, (*node.args, *node.kwargs.values())[0])
        if type(module) in {nn.Identity, nn.Dropout, nn.Dropout2d}:
            self.tensors[node] = source
            return
        read = _MODULES.get(type(module))
        if read is None:
            raise InputError(f"{name}: {type(module).__name__} is not supported ({_SUPPORTED})")
        self._append(read(module, name, node.name, (source,)), node)

    def _append(self, operation: Operation, node: fx.Node) -> None:
        self.operations.append(operation)
        self.tensors[node] = operation.out

    def _tensor(self, name: str, operand: Any) -> str:
        if not isinstance(operand, fx.Node) or operand not in self.tensors:
            raise InputError(f"{name}: reads {_title(operand)}, which is no single tensor that a layer makes")
        return self.tensors[operand]


def _title(thing: Any) -> str:
    return str(getattr(thing, "__name__", thing))


def _reals(tensor: Tensor) -> Reals:
    return tensor.detach().numpy()


def _bias(module: nn.Conv2d | nn.Linear) -> Reals:
    return _reals(torch.zeros(len(module.weight), dtype=torch.float64) if module.bias is None else module.bias)


def _square(name: str, what: str, value: Any) -> int:
    sizes = set(value) if isinstance(value, (tuple, list)) else {value}
    if len(sizes) != 1 or not isinstance(size := sizes.pop(), int):
        raise InputError(f"{name}: {what} {value}; only one number for height and width is supported")
    return size


def _conv(module: nn.Conv2d, name: str, out: str, sources: tuple[str, ...]) -> Operation:
    if module.groups != 1:
        raise InputError(f"{name}: groups={module.groups}; only 1 is supported")
    if _square(name, "dilation", module.dilation) != 1:
        raise InputError(f"{name}: dilation={module.dilation}; only 1 is supported")
    if module.padding_mode != "zeros":
        raise InputError(f"{name}: padding_mode={module.padding_mode!r}; only zeros are supported")
    kernel = _square(name, "kernel", module.kernel_size)
    padding: Any = module.padding
    if padding == "valid":
        padding = 0
    elif padding == "same":
        if kernel % 2 == 0:
            raise InputError(f"{name}: padding='same' with an even kernel pads one side more than the other")
        padding = kernel // 2
    stride, padding = _square(name, "stride", module.stride), _square(name, "padding", padding)
    return Conv(name, out, sources, _reals(module.weight), _bias(module), stride, padding)


def _linear(module: nn.Linear, name: str, out: str, sources: tuple[str, ...]) -> Operation:
    return Linear(name, out, sources, _reals(module.weight), _bias(module))


def _norm(module: nn.BatchNorm1d | nn.BatchNorm2d, name: str, out: str, sources: tuple[str, ...]) -> Operation:
    if module.running_mean is None or module.running_var is None:
        raise InputError(f"{name}: BatchNorm without running statistics")
    slope = (module.running_var + module.eps).rsqrt()
    slope = slope if module.weight is None else slope * module.weight
    bias = -module.running_mean * slope
    bias = bias if module.bias is None else bias + module.bias
    return Norm(name, out, sources, _reals(slope), _reals(bias))


def _relu(_: nn.ReLU, name: str, out: str, sources: tuple[str, ...]) -> Operation:
    return Relu(name, out, sources)


def _pool(module: nn.MaxPool2d | nn.AvgPool2d, name: str, out: str, sources: tuple[str, ...]) -> Operation:
    if _square(name, "padding", module.padding) != 0 or module.ceil_mode:
        raise InputError(f"{name}: pool with padding or ceil_mode")
    if isinstance(module, nn.MaxPool2d) and (_square(name, "dilation", module.dilation) != 1 or module.return_indices):
        raise InputError(f"{name}: max pool with dilation or return_indices")
    if isinstance(module, nn.AvgPool2d) and module.divisor_override is not None:
        raise InputError(f"{name}: mean pool with divisor_override")
    kernel = _square(name, "kernel", module.kernel_size)
    stride = _square(name, "stride", module.stride)
    return Pooling(name, out, sources, "max" if isinstance(module, nn.MaxPool2d) else "mean", kernel, stride)


def _adaptive(module: nn.AdaptiveAvgPool2d, name: str, out: str, sources: tuple[str, ...]) -> Operation:
    if _square(name, "output size", module.output_size) != 1:
        raise InputError(f"{name}: adaptive pool to {module.output_size}; only to 1 is supported")
    return Pooling(name, out, sources, "mean", None)


def _flatten(module: nn.Flatten, name: str, out: str, sources: tuple[str, ...]) -> Operation:
    if (module.start_dim, module.end_dim) not in {(1, -1), (1, 3)}:
        raise InputError(f"{name}: flatten of axes {module.start_dim} to {module.end_dim}; only 1 to -1 is supported")
    return Flatten(name, out, sources)


# Exact types: a subclass may compute something else.
_MODULES: dict[type[nn.Module], Callable[[Any, str, str, tuple[str, ...]], Operation]] = {
    nn.Conv2d: _conv,
    nn.Linear: _linear,
    nn.BatchNorm1d: _norm,
    nn.BatchNorm2d: _norm,
    nn.ReLU: _relu,
    nn.MaxPool2d: _pool,
    nn.AvgPool2d: _pool,
    nn.AdaptiveAvgPool2d: _adaptive,
    nn.Flatten: _flatten,
}
