"""The pipelines: which registers a group passes, and with which of them its parameters come."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Pipeline:
    """The pipeline registers in the order of the data path, by what they hold.

    Every pipeline has ``fetch`` (a group's ADC codes), ``affine`` (the corrected codes), ``norm`` (the numbers after
    BatchNorm), ``residual`` (those after the residual add) and ``output`` (the output codes); other registers stand
    between them. A group takes its rx beat when it leaves ``norm``.

    reads    stage to register: the stage's parameters are read from their memory while a group moves into that register
    layers   the registers that a group moves into by way of the layer's settings
    """

    registers: tuple[str, ...]
    reads: Mapping[str, str]
    layers: tuple[str, ...]

    @property
    def latency(self) -> int:
        """Clock cycles from a group's entry to its codes on ``out``, when nothing stalls."""
        return len(self.registers)

    def after(self, register: str) -> str:
        return self.registers[self.registers.index(register) + 1]

    def before(self, register: str) -> str | None:
        """The register that a group comes from; None for the first one, which groups enter by."""
        place = self.registers.index(register)
        return self.registers[place - 1] if place else None


FIXED = Pipeline(
    registers=("fetch", "affine", "norm", "residual", "output"),
    reads={"affine": "fetch", "norm": "affine"},
    layers=("residual", "output"),
)
"""Of the fixed-point unit: one stage between two registers."""

_STEPS = ("align", "add")
HALF = Pipeline(
    registers=(
        "fetch",
        "convert",
        *(f"scale_{step}" for step in _STEPS),
        "scale",
        *(f"affine_{step}" for step in _STEPS),
        "affine",
        *(f"norm_{step}" for step in _STEPS),
        "norm",
        "rx",
        *(f"residual_{step}" for step in _STEPS),
        "residual",
        "output",
    ),
    reads={"affine": "convert", "norm": "affine"},
    layers=("rx", "residual_align", "residual", "output"),
)
"""Of the FP16 unit: a conversion, or one of the three steps of a multiply-add (align, add, round) between two."""
