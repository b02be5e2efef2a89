"""The files of a case: what to write into the registers, what to drive, what must come out."""

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from nmpu_bringup.bundle.golden import GoldenCase
from nmpu_model.payloads import adc_beats, group_beats
from nmpu_spec.config import CODE_BITS

KINDS = {
    "program.txt": "register writes, one `w <address> <data>` per line, hexadecimal",
    "check.txt": "register reads after the last code, one `r <address> <data>` per line, hexadecimal",
    "adc.hex": "$readmemh: the adc payload of each vector",
    "rx.hex": "$readmemh: the rx payload of each group (only with RX on)",
    "out.hex": "$readmemh: the out payload of each group: codes, first, last",
    "crc.hex": "$readmemh: out_crc after each vector: CRC-32 of all codes from vector 0 on",
    "vectors.csv": "vector, column, p, n, rx, out as decimal numbers",
    "vectors.npz": "the same as arrays of shape (vectors, columns); mask (columns,)",
}
"""The files of a case that the model alone decides, and what is in them."""


def case_files(golden: GoldenCase, header: str) -> dict[str, bytes]:
    """File name to bytes; `header` is the comment in the first line of each text file."""
    program, traffic = golden.case.program, golden.case.traffic
    config = program.config
    adc_bits = config.columns * len(config.branches) * config.adc.code.width
    out_bits, rx_bits = max(CODE_BITS), config.residual.code_bits
    files = {
        "program.txt": _text([f"# {header}", *map(str, golden.writes)]),
        "check.txt": _text([f"# {header}", *map(str, golden.reads)]),
        "adc.hex": _hex(header, adc_beats(config, traffic), adc_bits),
        "out.hex": _hex(header, group_beats(config, golden.out, out_bits), out_bits * config.lanes + 2),
        "crc.hex": _hex(header, golden.crcs, 32),
    }
    if traffic.rx is not None:
        files["rx.hex"] = _hex(header, group_beats(config, traffic.rx, rx_bits), rx_bits * config.lanes + 2)
    arrays = {"p": traffic.p, "n": traffic.n, "rx": traffic.rx, "out": golden.out}
    present = {name: np.asarray(codes, "<i4") for name, codes in arrays.items() if codes is not None}
    files["vectors.csv"] = _csv(header, present)
    files["vectors.npz"] = _npz({**present, "mask": program.mask})
    return files


def _hex(header: str, words: Sequence[int], bits: int) -> bytes:
    return _text([f"// {header}", *(f"{word:0{-(-bits // 4)}x}" for word in words)])


def _csv(header: str, arrays: Mapping[str, NDArray[np.int32]]) -> bytes:
    vectors, columns = next(iter(arrays.values())).shape
    index = np.indices((vectors, columns)).reshape(2, -1)
    table = np.column_stack([*index, *(codes.ravel() for codes in arrays.values())])
    lines = [f"# {header}", ",".join(("vector", "column", *arrays))]
    return _text(lines + [",".join(map(str, row)) for row in table.tolist()])


def _npz(arrays: Mapping[str, NDArray[np.generic]]) -> bytes:
    """What ``np.load`` reads; written here because ``np.savez`` may date its entries."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            entry = io.BytesIO()
            np.lib.format.write_array(entry, np.ascontiguousarray(array), version=(1, 0), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0)), entry.getvalue())
    return buffer.getvalue()


def _text(lines: Iterable[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()
