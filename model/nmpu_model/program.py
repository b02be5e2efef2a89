"""A program: everything that the unit is told before vectors flow."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from nmpu_model.types import Mask
from nmpu_spec.config import CODE_BITS, Config
from nmpu_spec.errors import InputError
from nmpu_spec.parameters import parameter_fields


@dataclass(frozen=True)
class Layer:
    """The run-time settings, one set for all columns; `rx_scale` is a raw of ``residual.scale``."""

    relu_1: bool = False
    relu_2: bool = False
    rx_on: bool = False
    rx_signed: bool = True
    rx_scale: int = 0
    shift: int = 0
    out_bits: int = 8
    out_signed: bool = True


@dataclass(frozen=True)
class Program:
    """The settings and the raw parameters of one bank.

    `parameters` maps each name of `nmpu_spec.parameters` (scale_p, offset_p, scale_n, offset_n, gain, bias; without
    the _n pair in single-code mode) to int64 raws of shape (columns,). `mask` enables columns; default: all.
    Raises `InputError`, naming column, value and format, for whatever the unit's registers cannot hold.
    """

    config: Config
    parameters: Mapping[str, NDArray[np.int64]]
    layer: Layer = Layer()
    mask: Mask = field(default_factory=lambda: np.ones(0, bool))

    def __post_init__(self) -> None:
        columns = self.config.columns
        if self.mask.size == 0:
            object.__setattr__(self, "mask", np.ones(columns, bool))
        if self.mask.shape != (columns,) or self.mask.dtype != np.bool_:
            raise InputError(f"mask: shape {self.mask.shape} of {self.mask.dtype}, must be ({columns},) of bool")
        fields = {entry.name: entry.format for entry in parameter_fields(self.config)}
        if set(self.parameters) != set(fields):
            raise InputError(f"parameters {sorted(self.parameters)}: must be exactly {sorted(fields)}")
        for name, node in fields.items():
            raws = self.parameters[name]
            if raws.shape != (columns,) or not np.issubdtype(raws.dtype, np.integer):
                raise InputError(f"{name}: shape {raws.shape} of {raws.dtype}, must be ({columns},) of integers")
            wrong = np.flatnonzero((raws < node.min_raw) | (raws > node.max_raw))
            if wrong.size:
                raise InputError(
                    f"{name} of column {wrong[0]}: raw {raws[wrong[0]]} is outside {node} "
                    f"({node.min_raw} to {node.max_raw})"
                )
        self._check_layer()

    def _check_layer(self) -> None:
        layer, config = self.layer, self.config
        if layer.out_bits not in CODE_BITS:
            raise InputError(f"out_bits = {layer.out_bits}: must be one of {CODE_BITS}")
        if not 0 <= layer.shift <= config.most_shift:
            raise InputError(f"shift = {layer.shift}: must be 0 to {config.most_shift}")
        scale = config.residual.scale
        if not scale.contains(layer.rx_scale):
            raise InputError(f"rx_scale: raw {layer.rx_scale} is outside {scale} ({scale.min_raw} to {scale.max_raw})")
