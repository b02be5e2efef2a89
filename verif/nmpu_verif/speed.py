"""How fast the golden model is, beside the RTL and two general fixed-point libraries on the same work."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from apytypes import APyFixedArray, OverflowMode, QuantizationMode
from fxpmath import Fxp
from numpy.typing import NDArray

from nmpu_aimc.workload import Batch
from nmpu_hw.nmpu import Nmpu
from nmpu_model.program import Layer, Program
from nmpu_model.stimulus import integers
from nmpu_model.unit import run
from nmpu_spec.compression import Compression
from nmpu_spec.config import AdcMode, Config
from nmpu_spec.formats import Format
from nmpu_spec.overflow import Overflow
from nmpu_spec.parameters import parameter_fields
from nmpu_spec.rounding import Rounding
from nmpu_verif.builds import BUILD, build, verilog_of
from nmpu_verif.compiled import compiled
from nmpu_verif.simulate import BenchError, simulate
from nmpu_verif.workload import save

Codes = NDArray[np.int64]


@dataclass(frozen=True)
class Speed:
    """Column results, and the seconds of the fastest run over them."""

    name: str
    samples: int
    seconds: float

    @property
    def samples_per_second(self) -> float:
        return self.samples / self.seconds


def comparable(config: Config) -> bool:
    """Whether the libraries can express the path: dual counters, rounding half up, saturation, no cuts."""
    plain = Compression(Rounding.HALF_UP, Overflow.SATURATE)
    return config.adc.mode is AdcMode.DUAL and {config.affine.compression, config.output.compression} == {plain}


def measure(config: Config, source: str, announce: Callable[[str], None], vectors: int = 100_000) -> list[Speed]:
    """Time the plain path (affine, BatchNorm, ReLU 1, both compressions): the model, the RTL, then the libraries.

    `source` is what `config` was loaded from. The RTL runs once as `nmpu_verif.compiled`, packing included, and once
    under cocotb, which also checks every clock; building them is not part of their time. The libraries and cocotb get
    as many vectors as take them about a second. All must answer the model's codes.
    For configurations that `comparable` says yes to.
    """
    program = _program(config)
    p, n = (integers(1, name, 0, config.adc.code.max_raw // 2, (vectors, config.columns)) for name in ("p", "n"))
    wires = config.adc.code.width
    narrow: np.dtype[np.unsignedinteger[Any]] = np.dtype(np.uint16 if wires <= 16 else np.uint32)
    speeds = []
    announce("nmpu")
    codes_p, codes_n = p.astype(narrow), n.astype(narrow)
    wanted = run(program, codes_p, codes_n).out
    speeds.append(Speed("nmpu golden model", wanted.size, _fastest(lambda: run(program, codes_p, codes_n).out, 7)))
    announce("compiled RTL")
    rtl = compiled(config)
    if not np.array_equal(rtl(program, codes_p, codes_n).out, wanted):
        raise BenchError("the compiled RTL gives other codes than the model")
    speeds.append(Speed("nmpu RTL, compiled", wanted.size, _fastest(lambda: rtl(program, codes_p, codes_n).out, 3)))
    announce("cocotb")
    few = min(4000, vectors)
    speeds.append(_cocotb(config, source, Batch("speed", program, codes_p[:few], codes_n[:few], None, wanted[:few])))
    for name, path, count in (("apytypes", _apytypes, 2000), ("fxpmath", _fxpmath, 500)):
        announce(name)
        few = min(count, vectors)
        got = path(program, p[:few], n[:few])
        if not np.array_equal(got, wanted[:few]):
            raise BenchError(f"{name} gives other codes than the model")
        seconds = _fastest(lambda path=path, few=few: path(program, p[:few], n[:few]), 2)  # type: ignore[misc]
        speeds.append(Speed(name, got.size, seconds))
    return speeds


def _cocotb(config: Config, source: str, batch: Batch) -> Speed:
    """One run of the workload bench; raises `BenchError` where codes, counters or a clock differ from the models'."""
    folder = (BUILD / "bench").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    save([batch], folder / "workload.npz")
    simulator = build(verilog_of(config, "nmpu", lambda: Nmpu(config)), "nmpu")
    simulate(simulator, "bench_workload", source, environment={"NMPU_WORK": str(folder)})
    result = json.loads((folder / "result.json").read_text("utf-8"))
    return Speed("nmpu RTL, cocotb", result["outputs_compared"], result["simulation_seconds"])


def _fastest(work: Callable[[], object], runs: int) -> float:
    seconds = []
    for _ in range(runs):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def _program(config: Config) -> Program:
    parameters = {}
    for field in parameter_fields(config):
        node = field.format
        one = min(1 << node.fraction, node.max_raw)
        low, high = (one - one // 4, one) if field.name.startswith("scale") else (-one, one)
        parameters[field.name] = integers(1, f"speed/{field.name}", low, high, (config.columns,))
    shift = min(4, (1 << config.output.shift_bits) - 1)
    return Program(config, parameters, Layer(relu_1=True, shift=shift))


def _apytypes(program: Program, p: Codes, n: Codes) -> Codes:
    config, layer, raws = program.config, program.layer, program.parameters

    def wires(codes: Codes, node: Format) -> APyFixedArray:
        # apytypes knows signed numbers only: an unsigned format is one integer bit wider there.
        return APyFixedArray(codes, node.integer + (not node.signed), node.fraction)

    affine, norm = config.affine, config.norm
    a = (wires(p, config.adc.code) * wires(raws["scale_p"], affine.scale) + wires(raws["offset_p"], affine.offset)) - (
        wires(n, config.adc.code) * wires(raws["scale_n"], affine.scale) + wires(raws["offset_n"], affine.offset)
    )
    half_up, saturate = QuantizationMode.TIES_POS, OverflowMode.SAT
    y = a.cast(affine.corrected.integer, affine.corrected.fraction, half_up, saturate)
    z = y * wires(raws["gain"], norm.gain) + wires(raws["bias"], norm.bias)
    # There is no maximum of an array and a number: clear the negative bit patterns.
    patterns = np.asarray(z.to_bits(numpy=True))
    z = APyFixedArray(np.where(patterns >> (z.bits - 1), 0, patterns), z.int_bits, z.frac_bits)
    target = config.code_format(layer.out_bits, layer.out_signed)
    out = (z >> layer.shift).cast(target.integer + (not target.signed), 0, half_up, saturate)
    return np.asarray(out.to_numpy(), np.int64)


def _fxpmath(program: Program, p: Codes, n: Codes) -> Codes:
    config, layer, raws = program.config, program.layer, program.parameters

    def array(codes: Codes, node: Format) -> Fxp:
        return Fxp(codes, node.signed, node.width, node.fraction, raw=True)

    def cast(x: Fxp, node: Format) -> Fxp:
        # Half up is floor(x + 1/2): fxpmath rounds halves to even only.
        half = node.resolution / 2
        return Fxp(x.get_val() + half, node.signed, node.width, node.fraction, rounding="floor", overflow="saturate")

    affine, norm = config.affine, config.norm
    code = config.adc.code
    a = (array(p, code) * array(raws["scale_p"], affine.scale) + array(raws["offset_p"], affine.offset)) - (
        array(n, code) * array(raws["scale_n"], affine.scale) + array(raws["offset_n"], affine.offset)
    )
    y = cast(a, affine.corrected)
    z = y * array(raws["gain"], norm.gain) + array(raws["bias"], norm.bias)
    rectified = Fxp(np.maximum(z.get_val(), 0) / 2.0**layer.shift, True, 63, z.n_frac + layer.shift)
    return np.asarray(cast(rectified, config.code_format(layer.out_bits, layer.out_signed)).val, np.int64)
