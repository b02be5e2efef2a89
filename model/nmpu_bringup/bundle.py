"""Golden vectors as files: what to write into the registers, what to drive, what must come out."""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from importlib import metadata
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nmpu_model.payloads import adc_beats, group_beats
from nmpu_model.script import as_text, control, load_program
from nmpu_model.suites import Case
from nmpu_model.unit import run
from nmpu_spec.config import CODE_BITS, Config
from nmpu_spec.cycles import Timing

FILES = {
    "program.txt": "register writes, one `w <address> <data>` per line, hexadecimal",
    "adc.hex": "$readmemh: the adc payload of each vector",
    "rx.hex": "$readmemh: the rx payload of each group (only with RX on)",
    "out.hex": "$readmemh: the out payload of each group: codes, first, last",
    "vectors.csv": "vector, column, p, n, rx, out as decimal numbers",
    "vectors.npz": "the same as arrays of shape (vectors, columns); mask (columns,)",
}
"""The files of a case, and what is in them."""


def write_bundle(config: Config, suites: Mapping[str, Iterable[Case]], seed: int, folder: Path) -> dict[str, object]:
    """Write every case of every suite below `folder` (which exists and is empty), and ``manifest.json``; returns it.

    The bytes depend on the configuration, the cases, and the versions that the manifest names: no dates, no paths.
    """
    header = f"nmpu {metadata.version('nmpu')}, configuration {config.name} {config.hash[:16]}"
    contents = []
    for suite, cases in suites.items():
        for case in cases:
            place = folder / suite / case.name
            place.mkdir(parents=True)
            result = run(case.program, case.traffic.p, case.traffic.n, case.traffic.rx)
            files = _files(case, result.out, f"{header}, suite {suite}, case {case.name}")
            for name, data in files.items():
                (place / name).write_bytes(data)
            # How long it takes is the tester's affair: only what the codes alone decide is promised.
            timed = vars(Timing())
            counters = {name: int(count) for name, count in result.counters.items() if name not in timed}
            contents.append(
                {
                    "suite": suite,
                    "case": case.name,
                    "vectors": len(result.out),
                    "counters": counters,
                    "files": {
                        f"{suite}/{case.name}/{name}": {
                            "bytes": len(data),
                            "sha256": hashlib.sha256(data).hexdigest(),
                        }
                        for name, data in files.items()
                    },
                }
            )
    manifest: dict[str, object] = {
        "generator": "nmpu vectors",
        "versions": {name: metadata.version(name) for name in ("nmpu", "systemrdl-compiler")},
        "configuration": config.name,
        "config_hash": config.hash,
        "config": config.as_dict(),
        "seed": seed,
        "random_numbers": "SplitMix64 finaliser over a counter, see nmpu_model.stimulus",
        "file_kinds": FILES,
        "cases": contents,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n", "utf-8")
    return manifest


def _files(case: Case, out: NDArray[np.int16], header: str) -> dict[str, bytes]:
    program, traffic = case.program, case.traffic
    config = program.config
    writes = [*load_program(program, 0), control(config, enable=True, bank=0, clear=True)]
    adc_bits = config.columns * len(config.branches) * config.adc.code.width
    files = {
        "program.txt": _text([f"# {header}", *as_text(writes)]),
        "adc.hex": _hex(header, adc_beats(config, traffic), adc_bits),
        "out.hex": _hex(header, group_beats(config, out, max(CODE_BITS)), max(CODE_BITS) * config.lanes + 2),
    }
    if traffic.rx is not None:
        width = config.residual.code_bits
        files["rx.hex"] = _hex(header, group_beats(config, traffic.rx, width), width * config.lanes + 2)
    arrays = {"p": traffic.p, "n": traffic.n, "rx": traffic.rx, "out": out}
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
