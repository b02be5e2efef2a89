"""A component of the RTL, compiled by Verilator for this machine into a shared library, in copies side by side."""

import ctypes
import hashlib
import platform
import subprocess
from pathlib import Path

from nmpu_flow.tools import require_compiler, verilator, verilator_version
from nmpu_spec.errors import InputError
from nmpu_verif.builds import BUILD
from nmpu_verif.cache import made_once

_LIBRARY = "libcopies.so"
# As fast as it can be had: what runs here runs for hours.
_FLAGS = ["-O3", "--flatten", "--x-assign", "fast", "--x-initial", "unique", "--no-assert"]
_FLAGS += ["-Wno-fatal", "-Wno-lint", "-Wno-style", "-MAKEFLAGS", "OPT_FAST=-O2 OPT_SLOW=-O0 OPT_GLOBAL=-O0"]


def library(verilog: Path, driver: Path, header: str) -> ctypes.CDLL:
    """`driver`, a C++ file that includes `header` as ``ports.h``, linked with the model ``Vtop`` of `verilog`.

    Built once for the same texts, tools and machine. Raises `InputError` where Verilator or a compiler is missing, or
    the library does not build.
    """
    require_compiler()
    program, environment = verilator()
    texts = [verilog.read_text("utf-8"), driver.read_text("utf-8"), header]
    parts = [*texts, verilator_version(), platform.node(), *_FLAGS]
    key = hashlib.sha256(" ".join(parts).encode()).hexdigest()[:16]
    folder = (BUILD / "campaign" / "libraries" / key).resolve()
    with made_once(folder) as missing:
        if missing:
            (folder / "ports.h").write_text(header, "utf-8")
            command = [str(program), "--cc", "--exe", "--build", "-j", "1", *_FLAGS, "-LDFLAGS", "-shared"]
            command += ["-CFLAGS", "-fPIC -march=native", "--prefix", "Vtop", "--Mdir", str(folder), "-o", _LIBRARY]
            command += [str(verilog.resolve()), str(driver.resolve())]
            done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
            log = folder.with_suffix(".log")
            log.write_text(done.stdout + done.stderr, "utf-8")
            if done.returncode:
                raise InputError(f"verilator: {verilog.name} did not compile; see {log}")
    return ctypes.CDLL(str(folder / _LIBRARY))


def each(copies: int) -> str:
    """The macro ``EACH(X)``: X(0) X(1) ... for every copy."""
    return f"#define EACH(X) {' '.join(f'X({copy})' for copy in range(copies))}\n"
