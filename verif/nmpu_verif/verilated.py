"""Verilator's model of a design as objects to link with, together with the C++ that drives it."""

import hashlib
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from nmpu_flow.tools import require_compiler, verilator, verilator_version
from nmpu_spec.errors import InputError
from nmpu_verif.builds import BUILD
from nmpu_verif.cache import made_once

_FLAGS = ["--x-assign", "fast", "--x-initial", "unique", "-O3", "-Wno-fatal", "-Wno-lint", "-Wno-style"]
# What runs here is short, so build quickly: small functions, because the compiler's time grows faster than their size,
# in few files, because each one begins with the same headers.
_FLAGS += ["--output-split", "20000", "--output-split-cfuncs", "500"]
_FLAGS += ["-MAKEFLAGS", "OPT_FAST=-O1 OPT_SLOW=-O0 OPT_GLOBAL=-O0"]


def verilated(
    top: str,
    sources: Sequence[Path],
    driver: Path,
    *,
    headers: Mapping[str, str] | None = None,
    defines: Mapping[str, int | str] | None = None,
) -> list[Path]:
    """What a program in C or C++ is linked with: `driver`, in C++17, and the model of `top`, class ``V<top>``.

    headers   name to text of what `sources` include; `driver` includes the headers beside it
    defines   macros of `driver`

    Built once for the same texts, tools and options. Raises `InputError` where Verilator or a compiler is missing, or
    where something does not build.
    """
    require_compiler()
    program, environment = verilator()
    headers, defines = headers or {}, defines or {}
    beside = sorted(driver.parent.glob("*.h"))
    texts = [path.read_text("utf-8") for path in (*sources, driver, *beside)]
    identity = [*texts, str(sorted(headers.items())), str(sorted(defines.items())), verilator_version(), *_FLAGS]
    key = hashlib.sha256(" ".join(identity).encode()).hexdigest()[:16]
    folder = (BUILD / "verilated" / key).resolve()
    objects = [folder / "driver.o", folder / f"libV{top}.a", folder / "libverilated.a"]
    with made_once(folder) as missing:
        if missing:
            for name, text in headers.items():
                (folder / name).write_text(text, "utf-8")
            model = [str(program), "--cc", "--build", *_FLAGS, "--top-module", top, "--prefix", f"V{top}"]
            model += [f"-I{folder}", "--Mdir", str(folder), *(str(path.resolve()) for path in sources)]
            root = environment.get("VERILATOR_ROOT") or said([str(program), "--getenv", "VERILATOR_ROOT"], environment)
            includes = [f"-I{folder}", f"-I{root}/include", f"-I{root}/include/vltstd"]
            macros = [f"-D{name}={value}" for name, value in defines.items()]
            said(model, environment)
            said(
                ["c++", "-std=c++17", "-O2", *includes, *macros, "-c", str(driver), "-o", str(folder / "driver.o")],
                environment,
            )
    return objects


def said(command: Sequence[str], environment: Mapping[str, str] | None = None) -> str:
    """What a command prints; raises `InputError`, with its first line, where it fails."""
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    if done.returncode:
        lines = (done.stderr + done.stdout).strip().splitlines() or ["no message"]
        raise InputError(f"{Path(command[0]).name}: did not build ({lines[0]})")
    return done.stdout.strip()
