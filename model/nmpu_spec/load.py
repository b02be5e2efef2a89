"""Configurations from TOML: the presets that come with nmpu, and files of the user's own."""

import tomllib
from enum import StrEnum
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, TypeVar

from nmpu_spec.compression import Compression
from nmpu_spec.config import Adc, AdcMode, Affine, Config, Norm, Output, Residual
from nmpu_spec.errors import InputError
from nmpu_spec.formats import Format
from nmpu_spec.half import HalfConfig, half_config
from nmpu_spec.implementation import Implementation, Reset
from nmpu_spec.overflow import Overflow
from nmpu_spec.rounding import Rounding


class Arithmetic(StrEnum):
    """The key ``arithmetic``: the unit itself, or the FP16 baseline."""

    FIXED = "fixed"
    BINARY16 = "binary16"


_Choice = TypeVar("_Choice", bound=StrEnum)


def presets() -> list[str]:
    """The names that `load` knows without a file."""
    return sorted(Path(entry.name).stem for entry in _folder().iterdir() if entry.name.endswith(".toml"))


def load(source: str | Path) -> Config:
    """The configuration of a preset (``"hermes256"``) or of a TOML file (a path that ends in ``.toml``).

    Raises `InputError` with file, key, rule and value for anything that is wrong with it.
    """
    path = Path(source)
    if path.suffix != ".toml":
        if str(source) not in presets():
            known = ", ".join(presets())
            raise InputError(f"preset {str(source)!r}: unknown; use one of {known}, or the path of a .toml file")
        return parse((_folder() / f"{source}.toml").read_text("utf-8"), name=str(source))
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: is not UTF-8 text, a configuration is a TOML file") from None
    try:
        return parse(text, name=path.stem)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def parse(text: str, name: str = "unnamed") -> Config:
    """The configuration that TOML `text` describes."""
    try:
        entries = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # TOMLDecodeError, a number of thousands of digits, deep nesting
        raise InputError(f"not valid TOML: {error}") from None
    return from_dict(entries, name)


def from_dict(entries: dict[str, Any], name: str = "unnamed") -> Config:
    """The configuration from the contents of a TOML file, which is what `Config.as_dict` gives."""
    top = _Table(entries, "")
    if top.choice("arithmetic", Arithmetic, Arithmetic.FIXED) is Arithmetic.BINARY16:
        return _half(top, name)
    adc, affine, norm, residual, output = (top.table(key) for key in ("adc", "affine", "norm", "residual", "output"))
    config = Config(
        columns=top.integer("columns"),
        lanes=top.integer("lanes"),
        adc=Adc(adc.choice("mode", AdcMode), adc.format("code")),
        affine=Affine(
            affine.format("scale"), affine.format("offset"), affine.format("corrected"), affine.compression()
        ),
        norm=Norm(norm.format("gain"), norm.format("bias")),
        residual=Residual(residual.integer("code_bits"), residual.format("scale")),
        output=Output(output.integer("shift_bits"), output.compression()),
        name=name,
        implementation=_implementation(top),
    )
    for table in (top, adc, affine, norm, residual, output):
        table.refuse_leftovers()
    return config


def _half(top: "_Table", name: str) -> HalfConfig:
    adc, residual = top.table("adc"), top.table("residual")
    config = half_config(
        columns=top.integer("columns"),
        lanes=top.integer("lanes"),
        adc=Adc(adc.choice("mode", AdcMode), adc.format("code")),
        code_bits=residual.integer("code_bits"),
        name=name,
        implementation=_implementation(top),
    )
    for table in (top, adc, residual):
        table.refuse_leftovers()
    return config


def _implementation(top: "_Table") -> Implementation:
    default = Implementation()
    table = top.table("implementation", {})
    found = Implementation(
        table.choice("reset", Reset, default.reset), table.integer("clock_gates", default.clock_gates)
    )
    table.refuse_leftovers()
    return found


class _Table:
    """A TOML table that is read key by key, so that what nobody asked for is found at the end."""

    def __init__(self, entries: dict[str, object], prefix: str) -> None:
        self._entries = dict(entries)
        self._known: list[str] = []
        self._prefix = prefix

    def table(self, key: str, default: dict[str, object] | None = None) -> "_Table":
        value = self._take(key, default)
        if not isinstance(value, dict):
            raise InputError(f"{self._prefix}{key} = {value!r}: must be a table, [{key}]")
        return _Table(value, f"{key}.")

    def integer(self, key: str, default: int | None = None) -> int:
        value = self._take(key, default)
        if not isinstance(value, int) or isinstance(value, bool):
            raise InputError(f"{self._prefix}{key} = {value!r}: must be a whole number")
        return value

    def format(self, key: str) -> Format:
        value = self._take(key)
        try:
            return Format.parse(str(value))
        except InputError as error:
            raise InputError(f"{self._prefix}{key}: {error}") from None

    def choice(self, key: str, kind: type[_Choice], default: _Choice | None = None) -> _Choice:
        value = self._take(key, default)
        try:
            return kind(str(value))
        except ValueError:
            allowed = ", ".join(repr(str(member)) for member in kind)
            raise InputError(f"{self._prefix}{key} = {value!r}: must be one of {allowed}") from None

    def compression(self) -> Compression:
        rounding = self.choice("rounding", Rounding, Rounding.HALF_UP)
        overflow = self.choice("overflow", Overflow, Overflow.SATURATE)
        cuts = self.integer("cut_before", 0), self.integer("cut_after", 0)
        try:
            return Compression(rounding, overflow, *cuts)
        except InputError as error:
            raise InputError(f"{self._prefix}{error}") from None

    def refuse_leftovers(self) -> None:
        for key in self._entries:
            shown = key if key.isprintable() else repr(key)
            raise InputError(f"{self._prefix}{shown}: unknown key; known here: {', '.join(self._known)}")

    def _take(self, key: str, default: object = None) -> object:
        self._known.append(key)
        value = self._entries.pop(key, default)
        if value is None:
            raise InputError(f"{self._prefix}{key}: is missing")
        try:
            repr(value)  # as every message shows it
        except ValueError:
            raise InputError(f"{self._prefix}{key}: holds a number of thousands of digits") from None
        return value


def _folder() -> Traversable:
    return resources.files("nmpu_spec") / "presets"
