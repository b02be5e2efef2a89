"""The emitted RTL as a function: compiled once by Verilator, then called with arrays as the golden model is."""

import ctypes
import hashlib
import subprocess
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nmpu_flow.tools import require_compiler, verilator, verilator_version
from nmpu_hw.nmpu import Nmpu
from nmpu_model.inputs import check_ranges, check_shapes
from nmpu_model.program import Program
from nmpu_model.script import control, load_program
from nmpu_model.unit import Result
from nmpu_spec.config import Config
from nmpu_spec.errors import InputError
from nmpu_spec.registers import register_map
from nmpu_verif.builds import BUILD, verilog_of
from nmpu_verif.cache import made_once
from nmpu_verif.registered import Registered
from nmpu_verif.simulate import BenchError

_SOURCES = [Path(__file__).with_suffix(suffix) for suffix in (".cpp", ".vlt")]
_LIBRARY = "libunit.so"
_FLAGS = ["-O3", "--x-assign", "fast", "--x-initial", "unique", "--no-assert", "-Wno-fatal", "-Wno-lint", "-Wno-style"]
# Small files and functions: the compiler's time grows faster than their size.
_FLAGS += ["--output-split", "5000", "--output-split-cfuncs", "500", "-MAKEFLAGS", "OPT_FAST=-O2"]
_FAILURES = {1: "a register write is refused (PSLVERR)", 2: "vectors do not come out in the time that they take"}


@dataclass(frozen=True)
class RtlResult(Result):
    """`Result` as the RTL answers it: codes from the stream ``out``, counters and the registers below from the bus.

    out_crc     CRC-32 (`zlib.crc32`) of the codes' 8-bit fields, one byte per column, in the order of `out`
    out_beats   groups that it covers
    """

    out_crc: int
    out_beats: int


class CompiledRtl:
    """The RTL of `config`; call it as `nmpu_model.unit.run`. Several threads may."""

    def __init__(self, config: Config, library: Path) -> None:
        self.config = config
        self._adc = np.dtype(_adc_type(config))
        self._run = ctypes.CDLL(str(library)).nmpu_run
        pointer, size = ctypes.c_void_p, ctypes.c_size_t
        self._run.argtypes = [pointer, pointer, pointer, size, pointer, pointer, size, pointer, pointer, size]

    def __call__(
        self,
        program: Program,
        p: NDArray[np.integer],
        n: NDArray[np.integer] | None = None,
        rx: NDArray[np.integer] | None = None,
    ) -> RtlResult:
        """Reset the unit, load `program`, and push vectors through it at full speed.

        p, n   raws of ``adc.code``, shape (vectors, columns), any integer type; n is None in single-code mode
        rx     codes of ``residual.code_bits`` bits, the same shape; given exactly when ``layer.rx_on``

        Every number of the result, the time counters too, is what the golden model says. Raises `InputError` for the
        arrays that the model refuses and for a program of another configuration; `BenchError` where the RTL refuses a
        register write or does not deliver.
        """
        config = self.config
        if program.config != config:
            raise InputError(f"program: is for {program.config.name}, the compiled RTL is {config.name}")
        check_shapes(program, p, n, rx)
        check_ranges(program, p, n, rx)
        adc, codes_n, codes_rx = (
            None if codes is None else np.ascontiguousarray(codes, dtype=kind)
            for codes, kind in ((p, self._adc), (n, self._adc), (rx, np.dtype(np.uint8)))
        )
        out = np.empty(p.shape, np.int8 if program.layer.out_signed else np.uint8)
        load = np.array([(write.address, write.data) for write in load_program(program, 0)], np.uint32)
        start, stop = (control(config, enable=enable, bank=0) for enable in (True, False))
        switch = np.array([start.address, start.data, stop.data], np.uint32)
        registers = register_map(config)
        names = [*registers.counters, "out_crc", "out_beats"]
        values = np.array([registers[name].address for name in names], np.uint32)
        status = self._run(
            _address(adc),
            _address(codes_n),
            _address(codes_rx),
            len(p),
            _address(out),
            _address(load),
            len(load),
            _address(switch),
            _address(values),
            len(values),
        )
        if status:
            raise BenchError(f"{config.name}: {_FAILURES[status]}")
        counters = dict(zip(names, values.tolist(), strict=True))
        crc, beats = counters.pop("out_crc"), counters.pop("out_beats")
        return RtlResult(out.astype(np.int16), counters, crc, beats)


@lru_cache(maxsize=8)
def compiled(config: Config) -> CompiledRtl:
    """The RTL of `config`, compiled where no library of the same RTL, tools and options is there.

    Raises `InputError` where Verilator or a compiler is missing, or the library does not build.
    """
    require_compiler()
    program, environment = verilator()
    verilog = verilog_of(config, "unit", lambda: Registered(Nmpu(config)))
    sizes = {
        "COLUMNS": config.columns,
        "LANES": config.lanes,
        "BRANCHES": len(config.branches),
        "ADC_BITS": config.adc.code.width,
        "RX_BITS": config.residual.code_bits,
        "LATENCY": config.pipeline.latency,
        "RESET": config.implementation.reset_port,
        "IN_RESET": config.implementation.in_reset,
        "Adc": f"{np.dtype(_adc_type(config)).name}_t",
    }
    flags = [*_FLAGS, "-CFLAGS", " ".join(["-fPIC", *(f"-D{name}={value}" for name, value in sizes.items())])]
    parts = [path.read_text("utf-8") for path in (verilog, *_SOURCES)]
    key = hashlib.sha256(" ".join([*parts, verilator_version(), *flags]).encode()).hexdigest()[:16]
    folder = (BUILD / "compiled" / key).resolve()
    with made_once(folder) as missing:
        if missing:
            sources = [str(path.resolve()) for path in (verilog, *_SOURCES)]
            command = [str(program), "--cc", "--exe", "--build", "-j", "0", *flags, "-LDFLAGS", "-shared"]
            command += ["--prefix", "Vunit", "--Mdir", str(folder), "-o", _LIBRARY, *sources]
            _build(command, environment, folder.with_suffix(".log"))
    return CompiledRtl(config, folder / _LIBRARY)


def _build(command: list[str], environment: dict[str, str], log: Path) -> None:
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    log.write_text(done.stdout + done.stderr, "utf-8")
    if done.returncode:
        raise InputError(f"verilator: the RTL did not compile; see {log}")


def _adc_type(config: Config) -> type[np.unsignedinteger]:
    return np.uint16 if config.adc.code.width <= 16 else np.uint32


def _address(array: NDArray[np.generic] | None) -> int | None:
    return None if array is None else array.ctypes.data
