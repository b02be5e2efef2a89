"""A self-test in C99 that runs golden vectors through the test port, with nothing but register accesses."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import metadata, resources

import numpy as np
from numpy.typing import NDArray

from nmpu_bringup.bundle.golden import GoldenCase, answer
from nmpu_model.script import inject_group, load_program
from nmpu_model.suites import SUITES, Case
from nmpu_model.trace import trace
from nmpu_model.traffic import Traffic
from nmpu_spec.config import CODE_BITS, Config
from nmpu_spec.formats import Format
from nmpu_spec.parameters import WORD_BITS, inject_fields, inject_words
from nmpu_spec.registers import register_map

FOLDER = "selftest"
VECTORS = 4
"""Vectors of each case: the data of hermes256 stays below half a megabyte."""
_STATIC = ("nmpu_selftest.h", "nmpu_selftest.c", "main.c", "port_mmio.c", "Makefile", "README.txt")
_IDENTITY = ("id", "config_hash", "geometry")


def selftest_files(config: Config, cases: Mapping[str, Sequence[Case]], registers_header: bytes) -> dict[str, bytes]:
    """The files of a bundle's folder ``selftest``, by their path in the bundle.

    `cases` maps each suite to its cases, of which those of `nmpu_model.suites` are taken, with their first `VECTORS`
    vectors; without any there is no self-test, and no file. `registers_header` is ``nmpu_registers.h`` of `config`.
    """
    goldens = answer({suite: map(_beginning, cases[suite]) for suite in cases if suite in SUITES})
    if not goldens:
        return {}
    source = resources.files("nmpu_bringup") / FOLDER
    files = {name: (source / name).read_bytes() for name in _STATIC}
    files["nmpu_registers.h"] = registers_header
    files["nmpu_vectors.h"] = _header(config, goldens).encode()
    files["nmpu_vectors.c"] = _source(config, goldens).encode()
    return {f"{FOLDER}/{name}": data for name, data in files.items()}


def bank_of(number: int) -> int:
    """The bank that case `number` (counted over all suites) uses: two cases in each in turn."""
    return number // 2 % 2


def _beginning(case: Case) -> Case:
    arrays = (None if codes is None else codes[:VECTORS] for codes in vars(case.traffic).values())
    return Case(case.name, case.program, Traffic(*arrays))  # type: ignore[arg-type]


def _name(config: Config) -> str:
    return f"nmpu {metadata.version('nmpu')}, configuration {config.name} {config.hash[:16]}"


def _header(config: Config, goldens: Sequence[GoldenCase]) -> str:
    sizes = {
        "COLUMNS": config.columns,
        "LANES": config.lanes,
        "GROUPS": config.groups,
        "PROGRAM_WORDS": len(load_program(goldens[0].case.program, 0)),
        "INJECT_WORDS": inject_words(config),
        "RAWS": len(config.branches),
        "NUMBERS": len(_numbers(config)),
        "WIDE": int(any(view for *_, view in _numbers(config))),
        "COUNTERS": len(_counters(goldens[0])),
        "CASES": len(goldens),
    }
    lines = [f"/* {_name(config)}: sizes of the arrays in nmpu_vectors.c. */"]
    lines += ["#ifndef NMPU_VECTORS_H", "#define NMPU_VECTORS_H", "", f'#define NMPU_NAME "{_name(config)}"']
    lines += [f"#define NMPU_{name} {size}" for name, size in sizes.items()]
    return "\n".join([*lines, "", "#endif", ""])


def _source(config: Config, goldens: Sequence[GoldenCase]) -> str:
    lines = [f"/* {_name(config)}: the vectors of the self-test. */", '#include "nmpu_selftest.h"']
    first = load_program(goldens[0].case.program, 0)
    start = register_map(config)["bank[0].layer"].address
    lines += _array("const uint32_t nmpu_program_offset[NMPU_PROGRAM_WORDS]", [w.address - start for w in first])
    lines += _table(
        "const uint32_t nmpu_inject_address[NMPU_INJECT_WORDS]",
        [_offset(f"test.inject{word}") for word in range(inject_words(config))],
    )
    lines += _table(
        "const nmpu_raw_t nmpu_raws[NMPU_RAWS]",
        [
            f'{{"{field.name}", {field.word}, {field.lsb}, {field.format.width}, {field.format.signed:d}}}'
            for field in inject_fields(config)
            if field.name in config.branches
        ],
    )
    lines += _table(
        "const nmpu_number_t nmpu_numbers[NMPU_NUMBERS]",
        [
            f'{{"{name}", "{stage}", {_offset(f"test.{register}")}, {signed:d}, {view}}}'
            for name, register, stage, signed, view in _numbers(config)
        ],
    )
    lines += _table(
        "const nmpu_counter_t nmpu_counters[NMPU_COUNTERS]",
        [f'{{"{name}", {_offset(name)}}}' for name in _counters(goldens[0])],
    )
    for number, golden in enumerate(goldens):
        program = [write.data for write in load_program(golden.case.program, bank_of(number))]
        lines += _array(f"static const uint32_t program_{number}[]", program)
        lines += _array(f"static const uint32_t inject_{number}[]", _injected(golden.case))
        lines += _array(f"static const uint32_t expected_{number}[]", _expected(golden.case))
    lines += _table(
        "const nmpu_case_t nmpu_cases[NMPU_CASES]",
        [
            f'{{"{golden.place}", {bank_of(number)}, {len(golden.out)}, program_{number}, inject_{number}, '
            f"expected_{number},\n     {{{', '.join(map(hex, _counters(golden).values()))}}}}}"
            for number, golden in enumerate(goldens)
        ],
    )
    return "\n".join([*lines, ""])


def _counters(golden: GoldenCase) -> dict[str, int]:
    """What the registers must say after the case."""
    return {read.register: read.data for read in golden.reads if read.register not in _IDENTITY}


def _numbers(config: Config) -> list[tuple[str, str, str, bool, int]]:
    """What is read back of a lane: name, register, stage that made it, whether it is signed, and the view to take."""
    formats = {
        "corrected": ("affine", config.affine.corrected),
        "norm": ("norm", config.norm_format),
        "total": ("residual", config.total_format),
        "code": ("output", Format(False, max(CODE_BITS), 0)),
    }
    found = []
    for name, (stage, node) in formats.items():
        if node.width > WORD_BITS:
            found.append((f"{name}[63:32]", name, stage, node.signed, 1))
            found.append((f"{name}[31:0]", name, stage, False, 0))
        else:
            found.append((name, name, stage, node.signed, 0))
    return found


def _expected(case: Case) -> list[int]:
    """Every number of `_numbers`, for every column of every vector, as the 32 bits that are read."""
    numbers = vars(trace(case.program, case.traffic))
    words: list[NDArray[np.int64]] = []
    for _, register, _, _, view in _numbers(case.program.config):
        bits = max(CODE_BITS) if register == "code" else WORD_BITS
        words.append(numbers[register].astype(np.int64) >> (WORD_BITS * view) & ((1 << bits) - 1))
    return np.stack(words, axis=-1).ravel().tolist()


def _injected(case: Case) -> list[int]:
    """The inject words of every lane, group and vector."""
    config = case.program.config
    codes = {name: raws for name, raws in vars(case.traffic).items() if raws is not None}
    words = []
    for vector in range(len(case.traffic.p)):
        for start in range(0, config.columns, config.lanes):
            group = {name: raws[vector, start : start + config.lanes] for name, raws in codes.items()}
            words += [write.data for write in inject_group(config, group)]
    return words


def _offset(member: str) -> str:
    return f"offsetof(nmpu_t, {member})"


def _table(declaration: str, rows: Iterable[str]) -> Iterator[str]:
    yield from ("", f"{declaration} = {{", *(f"    {row}," for row in rows), "};")


def _array(declaration: str, words: Sequence[int]) -> Iterator[str]:
    return _table(declaration, (", ".join(map(hex, words[at : at + 8])) for at in range(0, len(words), 8)))
