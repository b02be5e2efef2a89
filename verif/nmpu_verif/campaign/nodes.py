"""The nodes of the data path: the stage that computes each, its operands, and what the model says."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from amaranth.lib.wiring import Component
from numpy.typing import NDArray

from nmpu_hw.affine import Affine
from nmpu_hw.compress import Compress
from nmpu_hw.norm import Norm
from nmpu_hw.output import Output
from nmpu_hw.relu import Relu
from nmpu_hw.residual import Residual
from nmpu_model.affine import affine
from nmpu_model.compress import compress, rounded
from nmpu_model.norm import norm
from nmpu_model.output import output
from nmpu_model.relu import relu
from nmpu_model.residual import residual
from nmpu_model.types import Integers
from nmpu_spec.config import CODE_BITS, Config
from nmpu_spec.formats import Format

MOST_BITS = 32
"""Operands of so many bits together are tried exhaustively."""

Raws = Mapping[str, Integers]
_ON = np.ones(1, bool)


@dataclass(frozen=True)
class Node:
    """A stage of the RTL with the operands that vary; its other inputs are 0.

    operands   port to format
    settings   port to width: unsigned, and the same for all cases of a call of `model`
    model      the outputs, by port, for operands of shape (cases,), which it may overwrite, and settings
    """

    name: str
    make: Callable[[], Component]
    operands: Mapping[str, Format]
    settings: Mapping[str, int]
    model: Callable[[Raws, Mapping[str, int]], Mapping[str, NDArray[np.generic]]]

    @property
    def operand_bits(self) -> int:
        return sum(node.width for node in self.operands.values())

    @property
    def bits(self) -> int:
        """Operands and settings together; there are 2**bits cases."""
        return self.operand_bits + sum(self.settings.values())


def nodes(config: Config) -> list[Node]:
    """Every node, in the order of the data path. Where the affine stage has too many operands, so has each branch."""
    found = _affine(config)
    found.append(_compress(config))
    found.append(
        Node(
            "norm",
            partial(Norm, config),
            {"corrected": config.affine.corrected, "gain": config.norm.gain, "bias": config.norm.bias},
            {},
            lambda x, _: {"norm": norm(config, x["corrected"], x["gain"], x["bias"])},
        )
    )
    found += [_relu("relu_1", config.norm_format), _residual(config), _relu("relu_2", config.total_format)]
    return [*found, _output(config)]


def _affine(config: Config) -> list[Node]:
    def of(name: str, branches: tuple[str, ...]) -> Node:
        formats = {"code": config.adc.code, "scale": config.affine.scale, "offset": config.affine.offset}
        operands = {f"{part}_{branch}": node for branch in branches for part, node in formats.items()}

        def model(x: Raws, _: Mapping[str, int]) -> Mapping[str, NDArray[np.generic]]:
            zeros = np.zeros_like(next(iter(x.values())))
            ports = [f"{part}_{branch}" for part in formats for branch in config.branches]
            all_of = {port: x.get(port, zeros.copy()) for port in ports}
            pairs = (all_of.get(port) for port in ("scale_p", "offset_p", "scale_n", "offset_n"))
            return {"sum": affine(config, all_of["code_p"], all_of.get("code_n"), *pairs)}  # type: ignore[arg-type]

        return Node(name, partial(Affine, config), operands, {}, model)

    whole = of("affine", config.branches)
    if whole.bits <= MOST_BITS or len(config.branches) == 1:
        return [whole]
    return [whole, *(of(f"affine, branch {branch} alone", (branch,)) for branch in config.branches)]


def _compress(config: Config) -> Node:
    compression, source, target = config.affine.compression, config.sum_format, config.affine.corrected

    def model(x: Raws, _: Mapping[str, int]) -> Mapping[str, NDArray[np.generic]]:
        exact = rounded(x["value"].copy(), compression, source, target)
        codes = compress(x["value"][:, None], compression, source, target, _ON).codes[:, 0]
        return {"code": codes, "high": exact > target.max_raw, "low": exact < target.min_raw}

    return Node("compress", partial(Compress, compression, source, target), {"value": source}, {}, model)


def _relu(name: str, node: Format) -> Node:
    return Node(
        name,
        partial(Relu, node),
        {"value": node},
        {"enable": 1},
        lambda x, settings: {"rectified": relu(x["value"], bool(settings["enable"]))},
    )


def _residual(config: Config) -> Node:
    bits = config.residual.code_bits

    def model(x: Raws, settings: Mapping[str, int]) -> Mapping[str, NDArray[np.generic]]:
        rx = x["rx"]
        if settings["rx_signed"]:
            rx = np.where(rx >> (bits - 1), rx - (1 << bits), rx)
        return {"total": residual(config, x["norm"], rx if settings["rx_on"] else None, settings["scale"])}

    return Node(
        "residual",
        partial(Residual, config),
        {"norm": config.norm_format, "rx": config.residual_code},
        {"rx_on": 1, "rx_signed": 1, "scale": config.residual.scale.width},
        model,
    )


def _output(config: Config) -> Node:
    def model(x: Raws, settings: Mapping[str, int]) -> Mapping[str, NDArray[np.generic]]:
        total, shift, signed = x["total"], settings["shift"], bool(settings["is_signed"])
        if not settings["enable"]:
            return dict.fromkeys(("code", "high", "low"), np.zeros_like(total))
        bits = CODE_BITS[min(settings["width"], len(CODE_BITS) - 1)]
        target = config.code_format(bits, signed)
        exact = rounded(total.copy(), config.output.compression, config.total_format, target, shift)
        codes = output(config, total[:, None], shift, bits, signed, _ON).codes[:, 0]
        return {"code": codes, "high": exact > target.max_raw, "low": exact < target.min_raw}

    return Node(
        "output",
        partial(Output, config),
        {"total": config.total_format},
        {"shift": config.output.shift_bits, "width": len(CODE_BITS).bit_length(), "is_signed": 1, "enable": 1},
        model,
    )
