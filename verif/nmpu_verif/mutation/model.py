"""Every mutant of the golden model: what its arithmetic and its cycle model do, and the formats that they follow."""

from collections.abc import Iterator
from pathlib import Path

import nmpu_model
import nmpu_spec
from nmpu_verif.mutation.mutant import Mutant, numbered, sample
from nmpu_verif.mutation.python_operators import faults

SPEC = ("rounding", "overflow", "compression", "formats", "cycles", "config")
MODEL = ("affine", "compress", "norm", "relu", "residual", "output", "unit", "inputs", "packing")
WHOLE = ("spec.rounding", "spec.overflow", "model.norm", "model.relu", "model.output")
"""Modules of which every mutant is tried."""


def model_mutants(quota: int, seed: int) -> list[Mutant]:
    """The mutants to try: `quota` of each operator in each module, every one of the modules `WHOLE`."""
    return sample(numbered("model", _all()), quota, seed, WHOLE)


def source_of(module: str) -> Path:
    """The file of such a module as ``spec.rounding``."""
    package, name = module.split(".")
    return Path({"spec": nmpu_spec, "model": nmpu_model}[package].__path__[0]) / f"{name}.py"


def _all() -> Iterator[Mutant]:
    for module in (*(f"spec.{name}" for name in SPEC), *(f"model.{name}" for name in MODEL)):
        for fault in faults(source_of(module).read_text("utf-8")):
            yield Mutant("", module, fault.operator, fault.line, fault.before, fault.after, fault.text)
