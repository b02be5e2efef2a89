"""The rules that a configuration must keep to be built; each failure names the key, its value and the rule."""

from typing import TYPE_CHECKING

from nmpu_spec.errors import InputError
from nmpu_spec.formats import MAX_WIDTH

if TYPE_CHECKING:
    from nmpu_spec.config import Config

MAX_HALF_BITS = 16
MAX_HALF_FRACTION = 14
"""Codes within these bounds become normal halves or zero."""
REGISTER_BITS = 32
"""A parameter does not straddle two registers."""


def check(config: "Config") -> None:
    """Raises `InputError` for the first rule that `config` breaks."""
    _check_geometry(config)
    _check_choices(config)
    _check_widths(config)


def check_half(config: "Config") -> None:
    """The same for an FP16 unit, whose codes must become halves."""
    _check_geometry(config)
    code = config.adc.code
    _require(code.width <= MAX_HALF_BITS, "adc.code", code, f"must have at most {MAX_HALF_BITS} bits for binary16")
    _require(
        code.fraction <= MAX_HALF_FRACTION,
        "adc.code",
        code,
        f"must have at most {MAX_HALF_FRACTION} fraction bits for binary16",
    )


def _check_geometry(config: "Config") -> None:
    """Columns, lanes and codes."""
    _require(1 <= config.columns <= 4096, "columns", config.columns, "must be 1 to 4096")
    _require(
        config.lanes >= 1 and config.columns % config.lanes == 0,
        "lanes",
        config.lanes,
        f"must be at least 1 and divide columns = {config.columns}",
    )
    config.implementation.check(config.lanes)
    dual = config.adc.mode == "dual"
    _require(not (dual and config.adc.code.signed), "adc.code", config.adc.code, "counters (mode 'dual') are unsigned")
    _require(
        2 <= config.residual.code_bits <= config.widest_code,
        "residual.code_bits",
        config.residual.code_bits,
        "must be 2 to 8",
    )


def _check_choices(config: "Config") -> None:
    """What the user chose, by itself."""
    for key, node in (
        ("affine.offset", config.affine.offset),
        ("affine.corrected", config.affine.corrected),
        ("norm.gain", config.norm.gain),
        ("norm.bias", config.norm.bias),
    ):
        _require(node.signed, key, node, "must be signed, like 'S7.1'")
    _require(1 <= config.output.shift_bits <= 5, "output.shift_bits", config.output.shift_bits, "must be 1 to 5")


def _check_widths(config: "Config") -> None:
    """What follows from the choices together."""
    for key, node in (
        ("adc.code", config.adc.code),
        ("affine.scale", config.affine.scale),
        ("affine.offset", config.affine.offset),
        ("norm.gain", config.norm.gain),
        ("norm.bias", config.norm.bias),
        ("residual.scale", config.residual.scale),
    ):
        _require(
            node.width <= REGISTER_BITS, key, node, f"{node.width} bits, must fit a register of {REGISTER_BITS} bits"
        )
    for name, operands in (
        ("sum", f"affine.scale = {config.affine.scale}, adc.code = {config.adc.code}"),
        ("norm", f"norm.gain = {config.norm.gain}, affine.corrected = {config.affine.corrected}"),
        ("total", f"residual.scale = {config.residual.scale}, norm.bias = {config.norm.bias}"),
    ):
        try:
            getattr(config, f"{name}_format")
        except InputError as error:
            raise InputError(f"{operands}: too wide for the node {name}, {error}") from None
    _require(
        config.affine.corrected.fraction <= config.sum_format.fraction,
        "affine.corrected",
        config.affine.corrected,
        f"must not have more fraction bits than the exact sum before it, {config.sum_format}",
    )
    for section in ("affine", "output"):
        source = config.sum_format if section == "affine" else config.total_format
        target = config.affine.corrected if section == "affine" else config.code_format(config.widest_code, signed=True)
        try:
            getattr(config, section).compression.rounded_bits(source, target)
        except InputError as error:
            raise InputError(f"{section}.{error}") from None
    _require(
        config.most_cut_bits < MAX_WIDTH,
        "output.shift_bits",
        config.output.shift_bits,
        f"with {config.total_format.fraction} fraction bits before it, up to {config.most_cut_bits} bits are cut, "
        f"must be below {MAX_WIDTH}",
    )


def _require(holds: bool, key: str, value: object, rule: str) -> None:
    if not holds:
        raise InputError(f"{key} = {value}: {rule}")
