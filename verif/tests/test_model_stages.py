"""The vectorised model against one column computed at a time, in exact rational numbers.

`column` writes the data path down in values; of the model's world it knows only the plain-integer definition of a
compression (`nmpu_spec`), which is proven against rational numbers in test_spec_compression.
"""

from collections import Counter
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from test_spec_config import CONFIGS, preset_text

from nmpu_model import unit
from nmpu_model.compress import compress, rounded
from nmpu_model.packing import pack, unpack
from nmpu_model.program import Program
from nmpu_model.traffic import Traffic, random_program, random_traffic
from nmpu_model.unit import Result, raw_type, run
from nmpu_spec.compression import Compression
from nmpu_spec.config import Config
from nmpu_spec.formats import Format
from nmpu_spec.load import load, parse
from nmpu_spec.overflow import Overflow
from nmpu_spec.parameters import parameter_fields
from nmpu_spec.rounding import Rounding


@dataclass(frozen=True)
class Column:
    """What one column makes of one conversion."""

    corrected: Fraction
    total: Fraction
    out: int
    saturated: tuple[str, ...]
    """The counters that it adds one to."""


def value(raw: int, node: Format) -> Fraction:
    return Fraction(int(raw), 2**node.fraction)


def compressed(
    stage: str, exact: Fraction, compression: Compression, source: Format, target: Format, shift: int = 0
) -> tuple[int, tuple[str, ...]]:
    raw = exact * 2**source.fraction
    assert raw.denominator == 1, f"{stage}: {exact} is not a number of {source}"
    rounded = compression.round(int(raw), source, target, shift)
    high, low = rounded > target.max_raw, rounded < target.min_raw
    saturated = (f"{stage}_high",) * high + (f"{stage}_low",) * low
    return compression.apply(int(raw), source, target, shift), saturated


def column(program: Program, number: int, p: int, n: int | None, rx: int | None) -> Column:
    config, layer = program.config, program.layer
    of = {field.name: value(program.parameters[field.name][number], field.format) for field in parameter_fields(config)}
    a = of["scale_p"] * value(p, config.adc.code) + of["offset_p"]
    if n is not None:
        a -= of["scale_n"] * value(n, config.adc.code) + of["offset_n"]
    y, affine = compressed("affine", a, config.affine.compression, config.sum_format, config.affine.corrected)
    corrected = value(y, config.affine.corrected)
    z = of["gain"] * corrected + of["bias"]
    if layer.relu_1 and z < 0:
        z = Fraction(0)
    t = z + value(layer.rx_scale, config.residual.scale) * int(rx) if rx is not None else z
    if layer.relu_2 and t < 0:
        t = Fraction(0)
    code = Format(layer.out_signed, layer.out_bits, 0)
    out, output = compressed("output", t, config.output.compression, config.total_format, code, layer.shift)
    return Column(corrected, t, out, affine + output)


def reference(program: Program, traffic: Traffic) -> tuple[list[list[int]], Counter[str]]:
    """Codes and saturation counters."""
    out, counters = [], Counter[str]()
    for vector in range(len(traffic.p)):
        codes = []
        for number in range(program.config.columns):
            operands = (None if array is None else array[vector, number] for array in vars(traffic).values())
            result = column(program, number, *operands)
            enabled = program.mask[number]
            codes.append(result.out if enabled else 0)
            counters.update(result.saturated if enabled else ())
        out.append(codes)
    return out, counters


def run_traffic(program: Program, traffic: Traffic) -> Result:
    return run(program, traffic.p, traffic.n, traffic.rx)


def check(program: Program, vectors: int, stream: str) -> Counter[str]:
    traffic = random_traffic(program, vectors, 0, stream)
    result = run_traffic(program, traffic)
    out, counters = reference(program, traffic)
    assert result.out.tolist() == out
    assert {name: result.counters[name] for name in SATURATIONS} == {name: counters[name] for name in SATURATIONS}
    assert result.counters["vectors"] == vectors
    assert result.counters["samples"] == vectors * list(program.mask).count(True)
    return counters


SATURATIONS = ("affine_high", "affine_low", "output_high", "output_low")
VARIANTS = [Compression(rounding, overflow) for rounding, overflow in product(Rounding, Overflow)]


def variant(config: Config, affine: Compression, output: Compression) -> Config:
    """`config` with other rounding and overflow; the cuts stay."""
    sections = {}
    for name, wanted in (("affine", affine), ("output", output)):
        section = getattr(config, name)
        kept = replace(section.compression, rounding=wanted.rounding, overflow=wanted.overflow)
        sections[name] = replace(section, compression=kept)
    return replace(config, **sections)


def name_of(compression: Compression) -> str:
    return f"{compression.rounding}-{compression.overflow}"


@pytest.mark.parametrize("output", VARIANTS, ids=name_of)
@pytest.mark.parametrize("affine", VARIANTS, ids=name_of)
def test_tiny_in_every_rounding_and_overflow(affine: Compression, output: Compression) -> None:
    config = variant(load("tiny"), affine, output)
    seen = Counter[str]()
    for number in range(5):
        seen += check(random_program(config, 1, f"variant/{number}"), 16, f"variant/{number}")
    assert set(seen) >= {"output_high", "output_low"}


def test_tiny_over_many_programs() -> None:
    seen, settings = Counter[str](), set()
    for number in range(150):
        program = random_program(load("tiny"), 2, f"many/{number}")
        seen += check(program, 12, f"many/{number}")
        layer = program.layer
        settings |= {("rx", layer.rx_on and layer.rx_signed), ("rx", layer.rx_on and not layer.rx_signed)}
        settings |= {("relu", layer.relu_1, layer.relu_2), ("out", layer.out_bits, layer.out_signed)}
        settings |= {("shift", layer.shift)}
    assert set(seen) == set(SATURATIONS)
    assert len(settings) == 2 + 4 + 6 + 4


@pytest.mark.parametrize("number", range(6))
def test_hermes256(number: int) -> None:
    check(random_program(load("hermes256"), 3, f"hermes/{number}", rx_on=number % 2 == 0), 6, f"hermes/{number}")


@pytest.mark.parametrize("name", ["user", "single signed", "single unsigned", "signed scales", "fine residual"])
def test_other_configurations(name: str) -> None:
    for number in range(8):
        check(random_program(CONFIGS[name], 4, f"{name}/{number}"), 5, f"{name}/{number}")


HERMES = preset_text("hermes256").replace("columns = 256", "columns = 64")
EDGES = {
    31: HERMES.replace('"S12.4"', '"S19.11"'),
    32: HERMES.replace('"S12.4"', '"S20.11"'),
    63: HERMES.replace('"U1.7"', '"U20.4"')
    .replace('"S7.1"', '"S20.4"')
    .replace('"S12.1"', '"S31.0"')
    .replace('"S2.8"', '"S2.29"')
    .replace('"S12.4"', '"S32.0"')
    .replace('"U5.7"', '"U24.0"')
    .replace("shift_bits = 4", "shift_bits = 5"),
}
"""By the width of the widest node: the last that int32 takes, the first that int64 takes, the last of all."""


@pytest.mark.parametrize("compression", VARIANTS, ids=name_of)
@pytest.mark.parametrize("width", EDGES)
def test_at_the_edge_of_the_machine_words(width: int, compression: Compression) -> None:
    config = variant(parse(EDGES[width]), compression, compression)
    assert max(node.width for node in config.nodes.values()) == width
    assert raw_type(config) == (np.int32 if width == 31 else np.int64)
    for number in range(3):
        check(random_program(config, 5, f"edge/{number}"), 4, f"edge/{number}")


def same(one: Result, other: Result) -> bool:
    return bool((one.out == other.out).all()) and one.counters == other.counters


def test_both_integer_types_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    programs = [random_program(load("hermes256"), 6, f"types/{number}") for number in range(20)]
    traffic = [random_traffic(program, 40, 6, f"types/{number}") for number, program in enumerate(programs)]
    assert raw_type(programs[0].config) == np.int32
    narrow = [run_traffic(*pair) for pair in zip(programs, traffic, strict=True)]
    monkeypatch.setattr(unit, "raw_type", lambda _: np.dtype(np.int64))
    assert all(map(same, narrow, (run_traffic(*pair) for pair in zip(programs, traffic, strict=True))))


def test_a_disabled_column_delivers_zero_and_changes_no_other() -> None:
    program = random_program(load("hermes256"), 7, "mask", rx_on=True)
    traffic = random_traffic(program, 30, 7, "mask")
    all_on = replace(program, mask=np.ones(256, bool))
    mask = np.arange(256) % 3 != 1
    full, some, rest = (run_traffic(replace(program, mask=enabled), traffic) for enabled in (all_on.mask, mask, ~mask))
    assert (some.out == np.where(mask, full.out, 0)).all()
    for name in (*SATURATIONS, "samples"):
        assert full.counters[name] == some.counters[name] + rest.counters[name]
    assert some.counters["samples"] == 30 * 171
    nothing = run_traffic(replace(program, mask=np.zeros(256, bool)), traffic)
    assert not nothing.out.any()
    assert not any(nothing.counters[name] for name in (*SATURATIONS, "samples"))


@pytest.mark.parametrize("rows", [1, 7, 50, 64])
def test_blocks_leave_no_trace(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    program = random_program(load("hermes256"), 8, "blocks", rx_on=True)
    traffic = random_traffic(program, 50, 8, "blocks")
    whole = run_traffic(program, traffic)
    monkeypatch.setattr(unit, "_BLOCK", rows * 256)
    assert same(run_traffic(program, traffic), whole)


def test_a_batch_larger_than_a_block_equals_its_halves() -> None:
    program = random_program(load("hermes256"), 9, "halves", rx_on=False)
    vectors = 2 * (unit._BLOCK // 256) + 5
    traffic = random_traffic(program, vectors, 9, "halves")
    whole = run_traffic(program, traffic)
    cut = vectors // 2 + 1
    first, second = (run(program, traffic.p[part], traffic.n[part]) for part in (slice(cut), slice(cut, None)))
    assert (whole.out == np.concatenate((first.out, second.out))).all()
    for name in (*SATURATIONS, "samples", "vectors", "busy"):
        assert whole.counters[name] == first.counters[name] + second.counters[name]


def test_the_callers_arrays_are_left_alone() -> None:
    program = random_program(load("tiny"), 10, "callers", rx_on=True)
    traffic = random_traffic(program, 9, 10, "callers")
    arrays = [*vars(traffic).values(), *program.parameters.values()]
    before = [array.copy() for array in arrays]
    run_traffic(program, traffic)
    assert all((array == copy).all() for array, copy in zip(arrays, before, strict=True))
    for array in arrays:
        array.setflags(write=False)
    run_traffic(program, traffic)


def test_no_numbers_compress_to_none() -> None:
    """No reduction of nothing: an empty array has neither a largest nor a smallest number."""
    config = load("tiny")
    empty = np.empty((0, config.columns), np.int32)
    mask = np.ones(config.columns, bool)
    result = compress(empty, config.affine.compression, config.sum_format, config.affine.corrected, mask)
    assert (result.codes.shape, result.high, result.low) == (empty.shape, 0, 0)


def test_without_a_shift_nothing_is_shifted() -> None:
    config = load("tiny")
    numbers = np.arange(config.sum_format.min_raw, config.sum_format.max_raw + 1, dtype=np.int32)[:, None]
    formats = config.affine.compression, config.sum_format, config.affine.corrected
    assert np.array_equal(rounded(numbers.copy(), *formats), rounded(numbers.copy(), *formats, shift=0))
    assert not np.array_equal(rounded(numbers.copy(), *formats), rounded(numbers.copy(), *formats, shift=1))


def test_a_long_shift_needs_a_long_word_however_narrow_the_numbers() -> None:
    """A shift of 31 is more than a 32-bit integer can be shifted by, once the fraction comes on top."""
    tiny = load("tiny")
    config = replace(tiny, output=replace(tiny.output, shift_bits=5))
    assert max(node.width for node in config.nodes.values()) < 32
    assert raw_type(config) == np.int64
    program = random_program(config, 3, "long shift")
    check(replace(program, layer=replace(program.layer, shift=31)), 4, "long shift")


@pytest.mark.parametrize("signed", [False, True])
def test_what_is_packed_comes_back_at_every_width(signed: bool) -> None:
    for width in range(1, 64):
        node = Format(signed, width, 0)
        raws = np.array([[node.min_raw, node.max_raw, node.min_raw // 2], [0, node.max_raw // 3, 0]], np.int64)
        assert np.array_equal(unpack(pack(raws, width), width, 3, signed), raws), width
