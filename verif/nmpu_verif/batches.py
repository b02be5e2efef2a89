"""What came out of a unit against what the golden model makes of what went in."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from nmpu_model.program import Program
from nmpu_model.traffic import Codes, Traffic
from nmpu_model.unit import run
from nmpu_spec.config import CODE_BITS, Config

AFFINE_COUNTERS = ("affine_high", "affine_low")
"""Count a group when it leaves the register ``affine``."""
OUTPUT_COUNTERS = ("vectors", "samples", "output_high", "output_low")
"""Count it when it is delivered."""


@dataclass(frozen=True)
class Found:
    """What `compare` found; `first` tells of the first code that differs, `counters` is what the model counts."""

    compared: int
    mismatches: int
    first: str
    counters: Mapping[str, int]


def compare(
    config: Config,
    got: NDArray[np.int64],
    sent: Sequence[Traffic],
    taken: Sequence[Program],
    cleared: tuple[int, int],
) -> Found:
    """The codes that came out (as their 8-bit fields, shape (vectors, columns)) against the golden model.

    `cleared` are the groups that `AFFINE_COUNTERS` and `OUTPUT_COUNTERS` had counted when they were last cleared.
    """
    start = compared = mismatches = 0
    first = ""
    counters = dict.fromkeys((*AFFINE_COUNTERS, *OUTPUT_COUNTERS), 0)
    for program, vectors in _batches(config, sent, taken):
        result = run(program, vectors.p, vectors.n, vectors.rx)
        wanted = result.out.astype(np.int64) & ((1 << max(CODE_BITS)) - 1)
        stop = start + len(wanted)
        differ = np.argwhere(got[start:stop] != wanted)
        if differ.size and not mismatches:
            vector, column = differ[0]
            first = f"vector {start + vector}, column {column}: {got[start + vector, column]} instead of "
            first += f"{wanted[vector, column]}"
        compared, mismatches = compared + wanted.size, mismatches + len(differ)
        for names, groups in zip((AFFINE_COUNTERS, OUTPUT_COUNTERS), cleared, strict=True):
            gone = groups - start * config.groups
            counts = result.counters if gone <= 0 else _counted_from(program, vectors, gone)
            for name in names:
                counters[name] += counts[name]
        start = stop
    assert start == len(got), f"{len(got)} vectors came out, {start} went in"
    return Found(compared, mismatches, first, counters)


def _batches(config: Config, sent: Sequence[Traffic], taken: Sequence[Program]) -> Iterator[tuple[Program, Traffic]]:
    """The vectors of `sent`, in runs of the same program; `taken` has each vector's program, in order.

    rx codes go to the vectors whose program has RX on, one after the other, whichever vector they were sent with.
    """
    p, n, rx = (_joined(sent, name) for name in ("p", "n", "rx"))
    start = rx_start = 0
    for _, same in groupby(taken, key=id):
        programs = list(same)
        program, stop = programs[0], start + len(programs)
        codes = None
        if program.layer.rx_on:
            assert rx is not None
            codes = _as_code(config, rx[rx_start : rx_start + len(programs)], program.layer.rx_signed)
            rx_start += len(programs)
        assert p is not None
        yield program, Traffic(p[start:stop], None if n is None else n[start:stop], codes)
        start = stop


def _counted_from(program: Program, vectors: Traffic, group: int) -> Mapping[str, int]:
    """What the golden model counts for `vectors` from their group number `group` on."""
    config = program.config
    whole, part = -(-group // config.groups), group // config.groups
    p, n, rx = vectors.p, vectors.n, vectors.rx
    total = dict(run(program, p[whole:], _rows(n, whole, None), _rows(rx, whole, None)).counters)
    if part < whole and part < len(vectors.p):
        rest = np.arange(config.columns) >= group % config.groups * config.lanes
        counted = replace(program, mask=program.mask & rest)
        cut = run(counted, p[part:whole], _rows(n, part, whole), _rows(rx, part, whole))
        for name, count in cut.counters.items():
            total[name] += count
    return total


def _rows(codes: Codes | None, start: int, stop: int | None) -> Codes | None:
    return None if codes is None else codes[start:stop]


def _joined(sent: Sequence[Traffic], name: str) -> NDArray[np.integer] | None:
    """The named codes of everything sent, in order."""
    parts = [codes for traffic in sent if (codes := getattr(traffic, name)) is not None]
    return np.concatenate(parts) if parts else None


def _as_code(config: Config, rx: NDArray[np.integer], signed: bool) -> NDArray[np.integer]:
    """rx as the unit reads it: the bank that a vector met may read the wires otherwise than its sender meant."""
    node = config.code_format(config.residual.code_bits, signed)
    return (rx - node.min_raw) % (1 << node.width) + node.min_raw
