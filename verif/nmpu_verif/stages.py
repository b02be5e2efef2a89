"""The stages that have a bench of their own, in the variants that each configuration is tried in."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import product

from amaranth.lib.wiring import Component

from nmpu_hw.affine import Affine
from nmpu_hw.compress import Compress
from nmpu_hw.norm import Norm
from nmpu_hw.output import Output
from nmpu_hw.relu import Relu
from nmpu_hw.residual import Residual
from nmpu_spec.compression import Compression
from nmpu_spec.config import Adc, AdcMode, Config
from nmpu_spec.errors import InputError
from nmpu_spec.formats import Format
from nmpu_spec.overflow import Overflow
from nmpu_spec.rounding import Rounding


def single_code(config: Config) -> Config:
    """`config` with one signed ADC code in place of the two counters."""
    code = config.adc.code
    return replace(config, adc=Adc(AdcMode.SINGLE, Format(True, code.integer, code.fraction)))


def compressions(base: Compression, narrow: bool) -> dict[str, Compression]:
    """The compressions to try: the configured one and, where the formats are narrow, every mode with several cuts."""
    found = {"configured": base}
    if narrow:
        for rounding, (before, after) in product(Rounding, ((0, 0), (1, 0), (0, 1))):
            found[f"{rounding}_{before}{after}"] = Compression(rounding, Overflow.SATURATE, before, after)
        found["wrap"] = replace(base, overflow=Overflow.WRAP)
    return found


def affine_variants(config: Config) -> dict[str, Config]:
    return {"affine": config, "affine_single": single_code(config)}


def compress_variants(config: Config) -> dict[str, Compression]:
    names = compressions(config.affine.compression, _narrow(config))
    return {f"compress_{name}": compression for name, compression in names.items()}


def output_variants(config: Config) -> dict[str, Config]:
    variants = {}
    for name, compression in compressions(config.output.compression, _narrow(config)).items():
        try:
            variants[f"output_{name}"] = replace(config, output=replace(config.output, compression=compression))
        except InputError:
            continue  # the cuts of this variant leave the format no bits to round
    return variants


def stages(config: Config) -> dict[str, Callable[[], Component]]:
    """Every variant of every stage: its name in the harness, and how to make it."""
    made: dict[str, Callable[[], Component]] = {}
    for name, variant in affine_variants(config).items():
        made[name] = partial(Affine, variant)
    for name, compression in compress_variants(config).items():
        made[name] = partial(Compress, compression, config.sum_format, config.affine.corrected)
    made["norm"] = partial(Norm, config)
    made["relu"] = partial(Relu, config.norm_format)
    made["residual"] = partial(Residual, config)
    for name, variant in output_variants(config).items():
        made[name] = partial(Output, variant)
    return made


def _narrow(config: Config) -> bool:
    return config.total_format.width <= 12
