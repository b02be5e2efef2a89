"""The stages that a configuration could be built with: every rounding and overflow, several cuts."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import product

from amaranth.lib.wiring import Component

from nmpu_flow.synthesis import instances, only
from nmpu_hw.affine import Affine
from nmpu_hw.compress import Compress
from nmpu_hw.output import Output
from nmpu_spec.compression import Compression
from nmpu_spec.config import Config
from nmpu_spec.errors import InputError
from nmpu_spec.overflow import Overflow
from nmpu_spec.rounding import Rounding
from nmpu_verif.builds import verilog_of
from nmpu_verif.harness import StageArray
from nmpu_verif.proof.claim import Claim
from nmpu_verif.proof.machine import Machine, machine
from nmpu_verif.proof.stages import affine_claim, compress_claim, output_claim
from nmpu_verif.stages import single_code

_CUTS = ((0, 0), (1, 0), (0, 1), (1, 1))
_TOP = "modes"


def mode_claims(config: Config) -> Iterator[Claim]:
    """The other affine stage, and both compressions in every mode, in the formats of `config`."""
    made: dict[str, Callable[[], Component]] = {}
    claims: dict[str, Callable[[Machine], Claim]] = {}
    single = single_code(config)
    made["affine_single"] = partial(Affine, single)
    claims["affine_single"] = partial(affine_claim, single)
    source, target = config.sum_format, config.affine.corrected
    for rounding, overflow, (before, after) in product(Rounding, Overflow, _CUTS):
        compression = Compression(rounding, overflow, before, after)
        name = f"{rounding}_{overflow}_{before}{after}"
        if source.fraction - target.fraction >= before + after:
            made[f"compress_{name}"] = partial(Compress, compression, source, target)
            claims[f"compress_{name}"] = partial(compress_claim, compression=compression, source=source, target=target)
        try:
            variant = replace(config, output=replace(config.output, compression=compression))
        except InputError:
            continue  # the format has no bits for these cuts
        made[f"output_{name}"] = partial(Output, variant)
        claims[f"output_{name}"] = partial(output_claim, variant)
    verilog = verilog_of(config, _TOP, lambda: StageArray(made, copies=1)).read_text("utf-8")
    # Modes that come out as the same gates are one module.
    modules = instances(verilog)[_TOP]
    for name, claim in claims.items():
        module = modules[f"{name}_0"]
        yield claim(machine(only(verilog, module), module))
