"""The C self-test on simulated RTL: its bus functions drive a Verilator model's APB port."""

import hashlib
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from nmpu_flow.tools import require_compiler, verilator, verilator_version
from nmpu_hw.nmpu import Nmpu
from nmpu_spec.config import Config
from nmpu_spec.errors import InputError
from nmpu_verif.builds import BUILD, verilog_of
from nmpu_verif.cache import made_once

_SOURCE = Path(__file__).with_suffix(".cpp")
_FLAGS = ["--x-assign", "fast", "--x-initial", "unique", "-O3", "-Wno-fatal", "-Wno-lint", "-Wno-style"]


def bridge(config: Config) -> list[Path]:
    """What the self-test is linked with in place of a port, together with -lstdc++; built once for each unit.

    The environment variables that ``selftest_bridge.cpp`` names make unit or bus misbehave. Raises `InputError` where
    Verilator or a compiler is missing, or the model does not build.
    """
    require_compiler()
    program, environment = verilator()
    verilog = verilog_of(config, "nmpu", lambda: Nmpu(config)).resolve()
    adc_bits = config.columns * len(config.branches) * config.adc.code.width
    rx_bits = config.lanes * config.residual.code_bits + 2
    reset = config.implementation
    sizes = [f"-DADC_BITS={adc_bits}", f"-DRX_BITS={rx_bits}"]
    sizes += [f"-DRESET={reset.reset_port}", f"-DIN_RESET={reset.in_reset}"]
    text = f"{verilog.read_text('utf-8')} {_SOURCE.read_text('utf-8')} {verilator_version()} {_FLAGS}"
    folder = (BUILD / "selftest" / hashlib.sha256(text.encode()).hexdigest()[:16]).resolve()
    objects = [folder / "bridge.o", folder / "libVnmpu.a", folder / "libverilated.a"]
    with made_once(folder) as missing:
        if missing:
            model = [str(program), "--cc", "--build", *_FLAGS, "--prefix", "Vnmpu", "--Mdir", str(folder), str(verilog)]
            root = environment.get("VERILATOR_ROOT") or _said([str(program), "--getenv", "VERILATOR_ROOT"], environment)
            includes = [f"-I{folder}", f"-I{root}/include", f"-I{root}/include/vltstd"]
            wrapper = ["c++", "-std=c++17", "-O2", *includes, *sizes, "-c", str(_SOURCE), "-o", str(objects[0])]
            _said(model, environment)
            _said(wrapper, environment)
    return objects


def _said(command: Sequence[str], environment: Mapping[str, str]) -> str:
    """What a command prints; raises `InputError` where it fails."""
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    if done.returncode:
        lines = (done.stderr + done.stdout).strip().splitlines() or ["no message"]
        raise InputError(f"{Path(command[0]).name}: the bridge did not build ({lines[0]})")
    return done.stdout.strip()
