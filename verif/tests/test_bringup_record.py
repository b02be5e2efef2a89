"""Recorded pins: they say what the other files say, and a tester that plays them on the RTL passes it."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from recorded import SEED, clocks, recorded

from nmpu_bringup.bundle.golden import answer
from nmpu_bringup.bundle.pins import Pin, pins
from nmpu_flow.ports import ports
from nmpu_flow.verilog import emit
from nmpu_hw.nmpu import Nmpu
from nmpu_model.suites import SUITES, VECTORS
from nmpu_spec.config import Config
from nmpu_spec.load import load
from nmpu_spec.rounding import Rounding
from nmpu_verif.builds import Build, build, verilog_of
from nmpu_verif.record import record
from nmpu_verif.simulate import BenchError, simulate
from nmpu_verif.stil_reader import read_stil

OTHER_POWER_UP = 8
"""Seed of the random bits in the registers when a pattern is played: not that of its recording."""


@pytest.mark.parametrize("name", ["tiny", "single12", "deep8"])
def test_pins_are_those_of_the_rtl(name: str, configurations: dict[str, str]) -> None:
    config = load(configurations[name])
    unit = Nmpu(config)
    found = {(port.name, port.width, port.direction == "input") for port in ports(unit, emit(unit, "nmpu"), "nmpu")}
    assert {(pin.name, pin.width, pin.driven) for pin in pins(config)} == found


@pytest.mark.parametrize("name", ["tiny", "hermes12"])
def test_outputs_are_compared_where_they_mean_something(name: str, tmp_path: Path) -> None:
    bundle = recorded(name)
    beats = 0
    for place in bundle.places:
        stil = bundle.read(place, tmp_path)
        for clock in clocks(stil):
            looked_at = {signal.partition("[")[0] for signal in stil.directions if clock[signal] in "LH"}
            left_open = {signal.partition("[")[0] for signal in stil.directions if clock[signal] == "X"}
            access = clock["apb_psel"] == clock["apb_penable"] == "1"
            expected = set()
            if clock["rst"] == "0":
                expected = {"adc_ready", "rx_ready", "out_valid", "apb_pready", "busy", "active_bank"}
                expected |= {"out_payload"} if clock["out_valid"] == "H" else set()
                expected |= {"apb_pslverr"} if access else set()
                expected |= {"apb_prdata"} if access and clock["apb_pwrite"] == "0" else set()
            assert looked_at == expected
            assert looked_at | left_open == {pin.name for pin in pins(bundle.config) if not pin.driven}
            beats += clock["out_valid"] == "H"
    assert beats == VECTORS * bundle.config.groups * len(bundle.places)


@pytest.mark.parametrize("name", ["tiny", "hermes12"])
def test_the_pattern_says_what_the_other_files_say(name: str, tmp_path: Path) -> None:
    """Writes, vectors, beats and reads, in the order of their files; a label where each phase and vector begins."""
    bundle = recorded(name)
    for place in bundle.places:
        stil = bundle.read(place, tmp_path)
        files = {
            file: bundle.files[f"{place}/{file}"].decode().splitlines()[1:]
            for file in ("program.txt", "check.txt", "adc.hex", "out.hex")
        }
        seen: dict[str, list[Any]] = {file: [] for file in files}
        labels = [vector.label for vector in stil.vectors]
        for clock, label in zip(clocks(stil), labels, strict=True):
            words = {pin.name: word(clock, pin) for pin in pins(bundle.config)}
            if clock["apb_psel"] == clock["apb_penable"] == "1":
                write = ("w", "program.txt", words["apb_pwdata"])
                verb, file, data = write if words["apb_pwrite"] else ("r", "check.txt", words["apb_prdata"])
                seen[file].append(f"{verb} {words['apb_paddr']:05x} {data:08x}")
            if label and label.startswith("vector_"):
                seen["adc.hex"].append(words["adc_payload"])
            if clock["out_valid"] == "H":
                seen["out.hex"].append(words["out_payload"])
        for file, lines in files.items():
            wanted = [int(line, 16) if file.endswith("hex") else line.partition("  #")[0] for line in lines]
            assert seen[file] == wanted, f"{place}/{file}"
        assert list(filter(None, labels)) == ["reset", "program", *(f"vector_{v}" for v in range(VECTORS)), "check"]


def test_a_pattern_does_not_depend_on_the_cases_before_it() -> None:
    bundle = recorded("tiny")
    cases = answer({"ties": SUITES["ties"](bundle.config, SEED)})[::-1]
    again = record(bundle.config, bundle.source, cases, bundle.files, lambda *_: None)
    assert len(again) == 1 + len(cases)
    for path, data in again.items():
        assert data == bundle.files[path], path


def test_a_register_that_reads_otherwise_stops_the_recording() -> None:
    bundle = recorded("tiny")
    cases = answer({"ties": list(SUITES["ties"](bundle.config, SEED))[:1]})
    path, crc = f"{cases[0].place}/check.txt", f"{cases[0].crcs[-1]:08x}"
    changed = bundle.files[path].replace(crc.encode(), f"{cases[0].crcs[-1] ^ 1:08x}".encode())
    with pytest.raises(BenchError, match=f"0x6c reads 0x{crc}"):
        record(bundle.config, bundle.source, cases, {**bundle.files, path: changed}, lambda *_: None)


def test_inputs_are_stable_around_the_edge_that_takes_them(tmp_path: Path) -> None:
    """Inputs change at the start of a clock; outputs are strobed, then the clock rises, in the middle of it."""
    stil = recorded("tiny").read("corners/corner_0", tmp_path)
    strobes, changes = set(), set()
    for signal, direction in stil.directions.items():
        for events in stil.waveforms[signal].values():
            times = {time for time, event in events if event != "X"}
            if direction == "Out":
                strobes |= times
            elif signal != "clk":
                changes |= times
    (rise,) = [time for time, event in stil.waveforms["clk"]["P"] if event == "U"]
    assert changes == {0.0}
    assert len(strobes) == 1
    assert 0 < max(strobes) < rise == stil.period / 2 < stil.period


@pytest.mark.parametrize("place", ["corners/corner_0", "corners/corner_1"])
@pytest.mark.parametrize("name", ["tiny", "hermes12"])
def test_the_rtl_passes_on_a_tester(name: str, place: str, tmp_path: Path) -> None:
    bundle = recorded(name)
    stil = read_stil(bundle.copy(place, tmp_path))
    result = play(unit(bundle.config), bundle.source, tmp_path)
    assert result["clocks"] == len(stil.vectors)
    assert result["compared"] == sum(character in "LH" for clock in clocks(stil) for character in clock.values())
    assert result["miscompares"] == []


@pytest.mark.parametrize("port", ["out_payload", "apb_prdata", "adc_ready"])
def test_one_wrong_bit_is_one_miscompare(port: str, tmp_path: Path) -> None:
    bundle = recorded("tiny")
    pattern = bundle.copy("corners/corner_1", tmp_path)
    text = pattern.read_text("utf-8")
    wrong = re.search(rf"{port}=[LHX]*?([LH])[LH]*;", text)
    assert wrong is not None
    character = wrong[1]
    flipped = "L" if character == "H" else "H"
    changed = text[: wrong.start(1)] + flipped + text[wrong.end(1) :]
    pattern.write_text(changed, "utf-8")
    # A character holds until the next one: it is wrong in every clock up to there.
    before = pattern.parent / "before.stil"
    before.write_text(text, "utf-8")
    expected = [
        [number, signal, "01"[flipped == "H"], "01"[character == "H"]]
        for number, (right, now) in enumerate(zip(clocks(read_stil(before)), clocks(read_stil(pattern)), strict=True))
        for signal in right
        if right[signal] != now[signal]
    ]
    assert expected
    assert {signal for _, signal, _, _ in expected} == {expected[0][1]}
    assert play(unit(bundle.config), bundle.source, tmp_path)["miscompares"] == expected


def test_a_unit_that_rounds_otherwise_fails(tmp_path: Path) -> None:
    """In its codes, its CRC and its configuration hash; never in a handshake."""
    bundle = recorded("tiny")
    bundle.copy("ties/tie_output_1", tmp_path)
    config = bundle.config
    compression = replace(config.output.compression, rounding=Rounding.HALF_EVEN)
    other = replace(config, output=replace(config.output, compression=compression))
    result = play(unit(other), bundle.source, tmp_path)
    failed = {signal.partition("[")[0] for _, signal, _, _ in result["miscompares"]}
    assert failed == {"out_payload", "apb_prdata"}


def unit(config: Config) -> Build:
    return build(verilog_of(config, "nmpu", lambda: Nmpu(config)), "nmpu")


def play(simulator: Build, source: str, folder: Path) -> dict[str, Any]:
    environment = {"NMPU_WORK": str(folder)}
    simulate(simulator, "bench_stil", source, seed=OTHER_POWER_UP, environment=environment)
    result: dict[str, Any] = json.loads((folder / "result.json").read_text("utf-8"))
    return result


def word(clock: dict[str, str], pin: Pin) -> int:
    """What a pin's characters stand for; 0 where they do not look."""
    digits = {"0": "0", "1": "1", "L": "0", "H": "1", "X": "0", "P": "0"}
    return int("".join(digits[clock[signal]] for signal in pin.signals), 2)
