"""A bundle: everything that is needed to exercise a chip, in one folder that depends on nothing but what made it."""

import hashlib
import inspect
import json
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path

from nmpu_bringup.bundle import case_files
from nmpu_bringup.bundle.golden import GoldenCase
from nmpu_model import stimulus
from nmpu_spec.config import Config

KINDS = {
    **case_files.KINDS,
    "pins.stil": "IEEE 1450 pattern of the case, one vector per clock; includes setup.stil",
    "setup.stil": "IEEE 1450 pins, groups, timing and the clock period, shared by every pins.stil",
    "replay/": "self-checking Verilog testbench that plays the cases, for Icarus or Verilator",
    "selftest/": "C99 self-test that runs the cases through the registers alone",
    "README.txt": "what lies here",
}
"""What a bundle holds, and what is in it: a file of a case, a file on top, or a folder on top."""

_VERSIONS = ("nmpu", "systemrdl-compiler", "peakrdl-cheader", "cocotb", "cocotbext-apb")
"""The packages whose versions can change a byte of a bundle; numpy cannot."""


def heading(config: Config, golden: GoldenCase | None = None) -> str:
    """The comment that names generator, configuration and case in every text file."""
    text = f"nmpu {metadata.version('nmpu')}, configuration {config.name} {config.hash[:16]}"
    return f"{text}, suite {golden.suite}, case {golden.case.name}" if golden else text


def model_files(config: Config, cases: Sequence[GoldenCase]) -> dict[str, bytes]:
    """The files of every case that the model alone decides: path in the bundle to bytes."""
    return {
        f"{golden.place}/{name}": data
        for golden in cases
        for name, data in case_files.case_files(golden, heading(config, golden)).items()
    }


def write_bundle(
    config: Config, cases: Sequence[GoldenCase], seed: int, files: Mapping[str, bytes], folder: Path
) -> dict[str, object]:
    """Write `files` (path in the bundle to bytes), ``README.txt`` and ``manifest.json``; returns the manifest.

    `folder` exists and is empty. The bytes depend on the configuration, the cases, the seed and the versions that the
    manifest names: there are no dates and no paths of this machine in them.
    """
    files = {**files, "README.txt": _readme(config, cases, files)}
    manifest = _manifest(config, cases, seed, files)
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n", "utf-8")
    return manifest


def _manifest(config: Config, cases: Sequence[GoldenCase], seed: int, files: Mapping[str, bytes]) -> dict[str, object]:
    return {
        "generator": "nmpu vectors",
        "versions": {name: metadata.version(name) for name in _VERSIONS},
        "configuration": config.name,
        "config_hash": config.hash,
        "config": config.as_dict(),
        "seed": seed,
        "random_numbers": inspect.cleandoc(f"{stimulus.__doc__}\n{inspect.getdoc(stimulus.integers)}").splitlines(),
        "file_kinds": _present(files),
        "cases": [
            {
                "suite": golden.suite,
                "case": golden.case.name,
                "vectors": len(golden.out),
                "counters": dict(golden.counters),
                "out_crc": f"{golden.crcs[-1]:08x}",
            }
            for golden in cases
        ],
        "files": {
            name: {"bytes": len(files[name]), "sha256": hashlib.sha256(files[name]).hexdigest()}
            for name in sorted(files)
        },
    }


def _present(files: Mapping[str, bytes]) -> dict[str, str]:
    """The kinds of which there is a file."""
    parts = {part for name in files for part in (name.rpartition("/")[2], name.partition("/")[0] + "/")}
    return {kind: text for kind, text in KINDS.items() if kind in parts | {"README.txt"}}


def _readme(config: Config, cases: Sequence[GoldenCase], files: Mapping[str, bytes]) -> bytes:
    kinds = _present(files)
    width = max(map(len, kinds))
    suites = list(dict.fromkeys(golden.suite for golden in cases))
    on_top = ("setup.stil", "replay/", "selftest/", "README.txt")
    lines = [
        heading(config),
        "",
        f"Golden vectors of an NMPU with {config.columns} columns on {config.lanes} lanes: what to write into its",
        "registers, what to drive, and what must come out, computed by the bit-accurate model.",
        "",
        f"One folder for each case: {', '.join(f'{suite}/<case>/' for suite in suites)}",
        *(f"  {kind:{width}}  {text}" for kind, text in kinds.items() if kind not in on_top),
        "On top:",
        *(f"  {kind:{width}}  {text}" for kind, text in kinds.items() if kind in on_top),
        f"  {'manifest.json':{width}}  provenance; size and SHA-256 of every other file",
        "",
        "To begin with, on any bench that can reach the registers and feed the streams, for one case:",
        "  1. Reset. Play program.txt: one write per line, in order.",
        "  2. Offer the vectors of adc.hex (and rx.hex), take every beat of out.",
        "  3. Read what check.txt lists. All equal: the case has passed. If only out_crc differs, the codes are wrong.",
        "  4. To see where, record the codes and give them to `nmpu check`; crc.hex tells the first wrong vector.",
        "",
        "docs/vectors.md of nmpu describes every file, docs/streams.md the pins, docs/programming.md the registers.",
    ]
    return "".join(f"{line}\n" for line in lines).encode()
