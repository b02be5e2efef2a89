"""The C self-test, compiled as users do, on simulated RTL: it passes, and blames the right place where it must not."""

import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from selftest_output import STAGES, Said, foretell, read

from nmpu_bringup.bundle.golden import answer
from nmpu_bringup.selftest import VECTORS, bank_of, selftest_files
from nmpu_flow.collateral import c_header
from nmpu_model.program import Program
from nmpu_model.script import Write, as_text, load_program, read_program
from nmpu_model.suites import SUITES, Case
from nmpu_model.trace import trace
from nmpu_model.traffic import Traffic
from nmpu_spec.config import Config
from nmpu_spec.formats import Format
from nmpu_spec.load import load
from nmpu_spec.parameters import inject_words, parameter_fields
from nmpu_spec.registers import register_map
from nmpu_verif.selftest_bridge import bridge

SEED = 3
WARNINGS = ["-Wall", "-Wextra", "-Werror", "-pedantic"]


def configuration(name: str) -> Config:
    hermes = load("hermes256")
    if name == "small":
        return replace(hermes, columns=12, lanes=4, name=name)
    if name == "wide":  # two inject words, and numbers of more than 32 bits
        adc = replace(hermes.adc, code=Format.parse("U14.0"))
        norm = replace(hermes.norm, gain=Format.parse("S2.24"))
        return replace(hermes, columns=6, lanes=3, adc=adc, norm=norm, name=name)
    return load(name)


@dataclass
class Built:
    """A built self-test, and the cases that are in it, as (place, case)."""

    config: Config
    program: Path
    cases: list[tuple[str, Case]]

    def run(self, **options: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, **{f"NMPU_{name.upper()}": value for name, value in options.items()}}
        return subprocess.run([self.program], env=environment, check=False, capture_output=True, text=True, timeout=60)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Built]:
    made: dict[str, Built] = {}

    def make(name: str) -> Built:
        if name not in made:
            made[name] = _build(configuration(name), tmp_path_factory.mktemp(name))
        return made[name]

    return make


def _build(config: Config, folder: Path) -> Built:
    suites = {suite: list(make(config, SEED)) for suite, make in SUITES.items()}
    _write(selftest_files(config, suites, c_header(config).encode()), folder)
    port = " ".join(map(str, bridge(config)))
    command = ["make", "-C", str(folder / "selftest"), "CC=gcc", f"CFLAGS=-std=c99 -O1 {' '.join(WARNINGS)}"]
    done = subprocess.run(
        [*command, f"PORT={port}", "LDLIBS=-lstdc++ -lpthread -lm"], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    cases = [(f"{suite}/{case.name}", _beginning(case)) for suite, of_suite in suites.items() for case in of_suite]
    return Built(config, folder / "selftest" / "nmpu_selftest", cases)


def _write(files: Mapping[str, bytes], folder: Path) -> None:
    for name, data in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(data)


def _beginning(case: Case) -> Case:
    traffic = case.traffic
    p, n, rx = (None if codes is None else codes[:VECTORS] for codes in (traffic.p, traffic.n, traffic.rx))
    assert p is not None
    return replace(case, traffic=Traffic(p, n, rx))


@pytest.mark.parametrize("name", ["tiny", "small", "wide"])
@pytest.mark.parametrize("noise", [{}, {"noise": "7"}], ids=["quiet", "noise"])
def test_passes(name: str, noise: dict[str, str], built: Callable[[str], Built]) -> None:
    """Also with the streams' inputs changing in every clock, as if ADCs and neighbours were running."""
    done = built(name).run(**noise)
    lines = done.stdout.splitlines()
    assert done.returncode == 0, done.stdout + done.stderr
    assert lines[-1] == f"PASS: {len(built(name).cases)} of {len(built(name).cases)} cases"
    results = VECTORS * built(name).config.columns
    banks = [bank_of(number) for number in range(len(built(name).cases))]
    assert set(banks) == {0, 1}
    assert lines[1:-1] == [
        f"{place}, bank {bank}: {results} results: ok"
        for (place, _), bank in zip(built(name).cases, banks, strict=True)
    ]


PARAMETERS = ["scale_p", "offset_p", "scale_n", "offset_n", "gain", "bias"]
FLIPS = [(name, shows) for name in PARAMETERS for shows in ("in the codes", "in a stage only")]
FLIPS += [(name, "in the codes") for name in ("shift", "relu_1", "scale", "columns")]


@pytest.mark.parametrize("name", ["tiny", "small", "wide"])
@pytest.mark.parametrize(("flipped", "shows"), FLIPS)
def test_a_flipped_bit_is_found_where_the_model_says(
    name: str, flipped: str, shows: str, built: Callable[[str], Built]
) -> None:
    """One bit of one register write changes on its way: first mismatch, every stage, counters and CRC are foretold."""
    unit = built(name)
    number, write, bit, faulty = _flip(unit, flipped, shows, FLIPS.index((flipped, shows)) * 5 % unit.config.columns)
    place, case = unit.cases[number]
    earlier = sum(bank_of(other) == bank_of(number) for other in range(number))
    done = unit.run(flip=f"{write.address},{earlier},{bit}")
    assert done.returncode == 1, done.stdout + done.stderr
    assert read(done.stdout) == {place: foretell(case, faulty)}
    assert done.stdout.endswith(f"FAIL: {len(unit.cases) - 1} of {len(unit.cases)} cases\n")


def _flip(unit: Built, name: str, shows: str, column: int) -> tuple[int, Write, int, Program]:
    """A case, a write of its program, a bit of the field `name` in it that shows as wanted, and the faulty program."""
    words = {entry.name: entry.word for entry in parameter_fields(unit.config)}
    places = {"scale": "rx_scale", "columns": "mask[0]"}
    place = f"word{words[name]}[{column}]" if name in words else places.get(name, "layer")
    for number, (_, case) in enumerate(unit.cases):
        register = register_map(unit.config)[f"bank[{bank_of(number)}].{place}"]
        writes = load_program(case.program, bank_of(number))
        at = next(i for i, write in enumerate(writes) if write.register == register.name)
        position = register.field(name)
        good = vars(trace(case.program, case.traffic))
        for bit in range(position.lsb, position.lsb + min(position.width, unit.config.columns)):
            changed = [*writes[:at], replace(writes[at], data=writes[at].data ^ 1 << bit), *writes[at + 1 :]]
            faulty = read_program(unit.config, as_text(changed), bank_of(number))
            bad = vars(trace(faulty, case.traffic))
            different = {stage for stage in STAGES if (good[stage] != bad[stage]).any()}
            if different and ("code" in different) == (shows == "in the codes"):
                return number, writes[at], bit, faulty
    raise AssertionError(f"no case shows a wrong {name} of column {column} {shows}")


@pytest.mark.parametrize("name", STAGES)
def test_stuck_capture(name: str, built: Callable[[str], Built]) -> None:
    """A number that always reads the same: its stage is blamed, and the reading itself where out_crc agrees."""
    unit, lane, stuck = built("small"), 2, 85
    done = unit.run(force=f"{register_map(unit.config)[f'test.{name}[{lane}]'].address},{stuck}")
    assert done.returncode == 1
    said = read(done.stdout)
    for place, case in unit.cases:
        numbers = vars(trace(case.program, case.traffic))[name] & (0xFF if name == "code" else -1)
        wrong = [(v, c) for v, c in np.argwhere(numbers != stuck).tolist() if c % unit.config.lanes == lane]
        assert said[place].wrong == len(wrong)
        assert said[place].place[0::3] == wrong[0]
        assert said[place].numbers[name] == (numbers[wrong[0]], stuck)
        assert (said[place].blamed, said[place].registers) == (STAGES[name], {})
        assert said[place].remark == (name == "code")


def test_leaves_test_mode(built: Callable[[str], Built]) -> None:
    mode = register_map(built("tiny").config)["test.mode"].address
    assert built("tiny").run().stderr.endswith(f"last write: 00000000 to {mode:05x}\n")


@pytest.mark.parametrize("register", ["busy", "vectors", "samples", "output_low", "out_crc", "out_beats"])
def test_wrong_counter_alone(register: str, built: Callable[[str], Built]) -> None:
    unit = built("tiny")
    done = unit.run(force=f"{register_map(unit.config)[register].address},{0xABCDEF}")
    assert done.returncode == 1
    said = read(done.stdout)
    for place, case in unit.cases:
        reads = {read.register: read.data for read in answer({"": [case]})[0].reads}
        assert said[place] == Said(registers={register: (reads[register], 0xABCDEF)})


@pytest.mark.parametrize(
    ("register", "value", "message"),
    [
        ("config_hash", 0xABCD, "FAIL: register config_hash: expected {hash}, got 0000abcd"),
        ("id", 0, "FAIL: register id: expected 4e4d5055, got 00000000"),
        ("geometry", 1, "FAIL: register geometry: expected 00020006, got 00000001"),
        ("status", 1, "corners/corner_0, bank 0: STATUS.busy stays 1 with CTRL.enable = 0"),
        ("test.mode", 3, "corners/corner_0, bank 0: vector 0, group 0 HANGS: TEST.MODE.in_flight stays 1"),
    ],
)
def test_a_register_that_says_something_else(
    register: str, value: int, message: str, built: Callable[[str], Built]
) -> None:
    unit = built("tiny")
    done = unit.run(force=f"{register_map(unit.config)[register].address},{value}")
    assert done.returncode == 1
    assert message.format(hash=unit.config.hash[:8]) in done.stdout
    assert "PASS" not in done.stdout


def test_a_refused_access_ends_the_run(built: Callable[[str], Built]) -> None:
    """The bridge reports PSLVERR: here a capture is read while the group is still in flight."""
    unit = built("tiny")
    done = unit.run(force=f"{register_map(unit.config)['test.mode'].address},1")
    assert done.returncode == 3
    assert "a read is refused (PSLVERR)" in done.stderr


@pytest.mark.parametrize("standard", ["c99", "gnu99", "c11", "c17"])
def test_sources_are_clean_in_every_c(standard: str, built: Callable[[str], Built]) -> None:
    folder = built("wide").program.parent
    sources = ["main.c", "nmpu_selftest.c", "nmpu_vectors.c", "port_mmio.c"]
    command = [
        "gcc",
        f"-std={standard}",
        *WARNINGS,
        "-Wconversion",
        "-fsyntax-only",
        "-DNMPU_BASE=0x43c00000u",
        *sources,
    ]
    assert subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True).stderr == ""


def test_wide_is_wide() -> None:
    config = configuration("wide")
    assert inject_words(config) == 2
    assert config.norm_format.width > 32
    assert config.total_format.width > 32


def test_workload_alone_has_no_selftest() -> None:
    config = load("tiny")
    cases = list(SUITES["ties"](config, SEED))
    assert selftest_files(config, {"workload": cases}, b"") == {}
    assert set(selftest_files(config, {"workload": cases, "ties": cases}, b"")) == set(
        selftest_files(config, {"ties": cases}, b"")
    )
