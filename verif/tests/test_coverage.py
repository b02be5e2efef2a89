"""Functional coverage is closed for `tiny`, holes and wrong exclusions are found, and Verilator's file is read."""

from pathlib import Path

import pytest

from nmpu_spec.compression import Compression
from nmpu_spec.formats import Format
from nmpu_spec.load import load
from nmpu_spec.rounding import Rounding, round_raw
from nmpu_verif.builds import Simulator
from nmpu_verif.coverage.bins import CoverGroup, Hits, read_hits
from nmpu_verif.coverage.collect import BENCHES, STAGES, Run, collect
from nmpu_verif.coverage.compression import REMAINDERS, range_group, rounding_group
from nmpu_verif.coverage.control import pipeline_groups
from nmpu_verif.coverage.report import judge, write
from nmpu_verif.coverage.structural import Point, merged, modules, reasons

TINY = load("tiny")


def test_the_benches_of_tiny_close_the_coverage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = [Run(bench, Simulator.VERILATOR, 1) for bench in (*(f"bench_{stage}" for stage in STAGES), *BENCHES)]
    covered = collect(TINY, "tiny", runs, lambda *_: None)
    assert len(covered) == 90
    assert not [(one.group.name, one.holes, one.broken) for one in covered if not one.closed]
    monkeypatch.chdir(tmp_path)
    page = write("tiny", covered)[1].read_text("utf-8")
    assert all(reason in page for one in covered for reason in one.reasons)


def test_a_bin_that_is_missed_or_wrongly_excluded_is_found(tmp_path: Path) -> None:
    group = CoverGroup("g", "", {"a": ("0", "1"), "b": ("0", "1")}, lambda a, _: "never" if a == "1" else "")
    path = tmp_path / "run.jsonl"
    record = Hits(path)
    for place in ("0", "0"), ("0", "0"), ("1", "1"), ("2", "0"):
        record.hit("g", *place)
    found = judge([group], read_hits([path]))[0]
    assert found.hit == {("0", "0"): ["run"]}
    assert found.holes == (("0", "1"),)
    assert found.broken == (("1", "1"), ("2", "0"))
    assert not found.closed
    with pytest.raises(ValueError, match="no cover group"):
        judge([], read_hits([path]))


@pytest.mark.parametrize("rounding", Rounding)
@pytest.mark.parametrize(("before", "after"), [(0, 0), (1, 0), (0, 1), (2, 1)])
@pytest.mark.parametrize("shift", [0, 1, 3])
def test_what_a_compression_excludes_is_in_no_number(rounding: Rounding, before: int, after: int, shift: int) -> None:
    """The bins that are allowed are those of all numbers, found in plain arithmetic."""
    source, target = Format(True, 4, 3), Format(True, 3, 0)
    compression = Compression(rounding, cut_before=before, cut_after=after)
    bits = compression.rounded_bits(source, target) + shift
    seen, values = set(), set()
    for raw in range(source.min_raw, source.max_raw + 1):
        integer, rest = divmod(raw >> before, 1 << bits)
        named = dict(zip(((1 << bits) // 2 + near for near in (-1, 0, 1)), REMAINDERS[1:], strict=True)) if bits else {}
        name = "exact" if rest == 0 else named.get(rest)
        if name:
            sign, neighbour = ("negative", "not negative")[raw >= 0], ("even", "odd")[integer % 2]
            lost = ("nothing cut off", "ones cut off")[raw % (1 << before) != 0]
            seen.add((str(shift), name, sign, neighbour, lost))
        values.add(round_raw(raw >> before, bits - shift, rounding) >> after)
    group = rounding_group("x", compression, source, target, shift + 1)
    allowed = {place for place in group.bins() if place[0] == str(shift) and not group.excluded(*place)}
    assert allowed == seen
    edges = {edge for _, edge in range_group("x", compression, source, {"t": target}).bins()}
    group = range_group("x", compression, source, {"t": target})
    assert {edge for edge in edges if not group.excluded("t", edge)} >= {"lowest", "inside"}
    assert ("one above" in {edge for edge in edges if not group.excluded("t", edge)}) is (4 in values)


def test_the_search_knows_what_a_pipeline_can_hold() -> None:
    """A vector's groups enter one after the other: no first group without a second right behind it."""
    group = next(group for group in pipeline_groups(TINY) if group.name == "pipeline")
    assert not group.excluded("#####", "stall_out")
    assert not group.excluded("..###", "wait_adc")
    assert group.excluded(".#...", "busy")  # with three groups a vector, the next one would stand behind it
    assert group.excluded(".....", "wait_rx")


def test_structural_points_are_read_and_explained(tmp_path: Path) -> None:
    def line(page: str, what: str, count: int) -> str:
        return f"C '\x01f\x02nmpu.v\x01l\x0212\x01n\x028\x01page\x02{page}\x01o\x02{what}\x01h\x02nmpu.x' {count}\n"

    texts = (
        line("v_toggle/nmpu", "cycles[31]:0->1", 0) + line("v_line/nmpu", "if", 0) + line("v_toggle/nmpu", "a:0->1", 2),
        line("v_toggle/nmpu", "cycles[31]:0->1", 0) + line("v_line/nmpu", "if", 3) + line("v_toggle/nmpu", "b:1->0", 0),
    )
    for number, text in enumerate(texts):
        (tmp_path / f"{number}.dat").write_text("# SystemC::Coverage-3\n" + text, "utf-8")
    points = merged(sorted(tmp_path.iterdir()))
    assert points[Point("nmpu", "line", "line 12, if 8")] == 3
    (module,) = modules(points)
    assert (module.line, module.toggle) == ((1, 1), (1, 3))
    found = reasons(TINY, points)
    assert found.pop("") == [Point("nmpu", "toggle", "b:1->0")]
    assert list(found.values()) == [[Point("nmpu", "toggle", "cycles[31]:0->1")]]
