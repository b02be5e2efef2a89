"""gemmlowp's fixed-point functions, from the headers of Debian's libgemmlowp-dev."""

import ctypes
import hashlib
import os
import shutil
import subprocess
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nmpu_spec.errors import InputError
from nmpu_verif.builds import BUILD
from nmpu_verif.cache import made_once

_SOURCE = Path(__file__).with_suffix(".cpp")
_HEADERS = Path("/usr/include/gemmlowp")
_FLAGS = ["-std=c++17", "-O1", "-fPIC", "-shared"]


class Gemmlowp:
    """Functions of int32 numbers; numpy raises `OverflowError` for an operand that is none."""

    def __init__(self, library: Path) -> None:
        self._library = ctypes.CDLL(str(library))

    def high_mul(self, a: Sequence[int], b: Sequence[int]) -> list[int]:
        """SaturatingRoundingDoublingHighMul: the high half of 2 a b, rounded."""
        first, second = _int32(a), _int32(b)
        return self._call("high_mul", len(a), _pointer(first), _pointer(second))

    def divide_by_pot(self, x: Sequence[int], exponent: int) -> list[int]:
        """RoundingDivideByPOT: x / 2**exponent, rounded; an exponent of 0 to 31."""
        values = _int32(x)
        return self._call("divide_by_pot", len(x), _pointer(values), ctypes.c_int32(exponent))

    def quantise_down(self, x: Sequence[int], offset: int, multiplier: int, shift: int, signed: bool) -> list[int]:
        """OutputStageQuantizeDownInt32ToUint8Scale, then the saturating cast to int8 or uint8."""
        values, numbers = _int32(x), (ctypes.c_int32(number) for number in (offset, multiplier, shift, signed))
        return self._call("quantise_down", len(x), _pointer(values), *numbers)

    def _call(self, name: str, count: int, *arguments: object) -> list[int]:
        out = np.empty(count, np.int32)
        self._library[name](*arguments, _pointer(out), ctypes.c_size_t(count))
        return out.tolist()


@lru_cache
def gemmlowp() -> Gemmlowp:
    """The library, compiled where none of the same headers and source is there.

    Raises `InputError` where the headers or a compiler are missing, or they do not compile.
    """
    headers = [_HEADERS / name for name in ("fixedpoint/fixedpoint.h", "internal/output.h", "public/output_stages.h")]
    if not all(header.is_file() for header in headers):
        raise InputError("gemmlowp: headers not found; install Debian's package libgemmlowp-dev")
    wanted = os.environ.get("CXX")
    compiler = next(filter(None, map(shutil.which, filter(None, (wanted, "g++", "c++", "clang++")))), None)
    if compiler is None:
        raise InputError("a C++17 compiler: not found; install Debian's package g++")
    parts = b"".join(path.read_bytes() for path in (_SOURCE, *headers))
    key = hashlib.sha256(parts + " ".join([compiler, *_FLAGS]).encode()).hexdigest()[:16]
    folder = (BUILD / "oracles" / key).resolve()
    library = folder / "libgemmlowp.so"
    with made_once(folder) as missing:
        if missing:
            command = [compiler, *_FLAGS, str(_SOURCE), "-o", str(library)]
            done = subprocess.run(command, check=False, capture_output=True, text=True)
            if done.returncode:
                folder.with_suffix(".log").write_text(done.stderr, "utf-8")
                raise InputError(f"gemmlowp: the headers did not compile; see {folder.with_suffix('.log')}")
    return Gemmlowp(library)


def _int32(values: Sequence[int]) -> NDArray[np.int32]:
    return np.array(values, np.int32)


def _pointer(array: NDArray[np.int32]) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)
