"""The error budget of a network on a unit: what each rounding contributes to the codes of each tile."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

import numpy as np

from nmpu_aimc.chip import Chip, Stage
from nmpu_aimc.plan import Codes
from nmpu_aimc.real import Numbers, Reals, real_output
from nmpu_aimc.runner import Counters, run
from nmpu_model.compress import compress
from nmpu_model.program import Program
from nmpu_model.tabulated import Tabulated
from nmpu_spec.config import Config


@dataclass(frozen=True)
class Error:
    """Of output codes, in LSB, over all vectors and channels."""

    rms: float
    largest: float

    @classmethod
    def of(cls, difference: Reals) -> "Error":
        return cls(float(np.sqrt(np.square(difference).mean())), float(np.abs(difference).max()))


@dataclass(frozen=True)
class Budget:
    """One tile's budget.

    roundings   scale, offset, gain, bias, rx_scale: the output with this one parameter as the registers hold it;
                corrected: with the affine sum as the unit rounds and saturates it; output: the rounding of the code.
                Each against the output in real numbers
    total       the golden model's code against the output in real numbers, clipped to the code's range
    shift       the run-time shift
    saturated   the share of codes at an end of their range
    unused      channels whose gain is below half an LSB of its format, so that the register holds 0
    """

    name: str
    vectors: int
    channels: int
    shift: int
    roundings: Mapping[str, Error]
    total: Error
    saturated: float
    unused: int


class _Watching:
    """The golden model, watched: a digital part that keeps the budgets of the tiles it stands behind."""

    def __init__(self, chip: Chip, config: Config) -> None:
        self.programs = {name: stage.program(config) for name, stage in chip.stages.items()}
        self.budgets: list[Budget] = []

    def codes(self, stage: Stage, p: Counters, n: Counters, rx: Codes | None) -> Codes:
        program = self.programs[stage.name]
        answer = Tabulated(program).codes(p, n, rx).astype(np.int8)
        exact, held = Numbers.of(stage), Numbers.in_program(stage, program)
        real = real_output(stage, exact, p, n, rx)

        def error(numbers: Numbers) -> Error:
            return Error.of(real_output(stage, numbers, p, n, rx) - real)

        roundings = {
            field.name: error(replace(exact, **{field.name: getattr(held, field.name)})) for field in fields(Numbers)
        }
        corrected = real_output(stage, exact, p, n, rx, lambda y: _rounded(program, y))
        roundings["corrected"] = Error.of(corrected - real)
        inside = (real > -128) & (real < 127)
        roundings["output"] = Error.of(np.where(inside, np.rint(real) - real, 0))
        self.budgets.append(
            Budget(
                stage.name,
                len(p),
                stage.channels,
                program.layer.shift,
                roundings,
                Error.of(np.clip(real, -128, 127) - answer),
                float(((answer == -128) | (answer == 127)).mean()),
                int((program.parameters["gain"][: stage.channels] == 0).sum()),
            )
        )
        return answer


def _rounded(program: Program, y: Reals) -> Reals:
    """y through the affine compression, from the nearest number of the exact sum's format."""
    config = program.config
    source, target = config.sum_format, config.affine.corrected
    raw = np.rint(y / source.resolution).astype(np.int64)
    mask = np.ones(y.shape[1], bool)
    return compress(raw, config.affine.compression, source, target, mask).codes * target.resolution


def budgets(chip: Chip, config: Config, images: Codes) -> list[Budget]:
    """The budget of every tile, in the order in which they run, on the counters that `images` make.

    Raises `InputError`, naming the tile, where a number does not fit its format.
    """
    watching = _Watching(chip, config)
    run(chip, [watching], images)
    return watching.budgets
