"""Golden vectors: what the suites reach, what the files say, and that the RTL agrees with them."""

import csv
import hashlib
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nmpu_aimc.workload import Batch
from nmpu_model.suites import SUITES, VECTORS
from nmpu_model.unit import run
from nmpu_bringup.bundle import write_bundle
from nmpu_spec.config import CODE_BITS, Config
from nmpu_spec.load import load
from nmpu_spec.rounding import Rounding
from nmpu_verif.builds import Build, Simulator
from nmpu_verif.simulate import simulate
from nmpu_verif.workload import save

SEED = 5


def bundle(config: Config, folder: Path) -> dict[str, object]:
    folder.mkdir()
    return write_bundle(config, {name: make(config, SEED) for name, make in SUITES.items()}, SEED, folder)


@pytest.mark.parametrize("name", ["tiny", "hermes256"])
def test_rtl_answers_the_vectors(
    name: str, tmp_path: Path, unit_build: Callable[[str, Simulator], Build], configurations: dict[str, str]
) -> None:
    config = load(configurations[name])
    batches = []
    for make in SUITES.values():
        for case in make(config, SEED):
            traffic = case.traffic
            out = run(case.program, traffic.p, traffic.n, traffic.rx).out
            batches.append(Batch(case.name, case.program, traffic.p, traffic.n, traffic.rx, out))
    save(batches, tmp_path / "workload.npz")
    build = unit_build(name, Simulator.VERILATOR)
    simulate(build, "bench_workload", configurations[name], environment={"NMPU_WORK": str(tmp_path)})
    result = json.loads((tmp_path / "result.json").read_text("utf-8"))
    assert result["mismatches"] == 0
    assert result["outputs_compared"] == sum(batch.out.size for batch in batches)
    for counter in ("affine_high", "affine_low", "output_high", "output_low"):
        assert result["counters"][counter] > 0, f"no vector of the suites reaches {counter}"


@pytest.mark.parametrize("name", ["tiny", "hermes256", "single12"])
def test_ties_are_ties(name: str, configurations: dict[str, str]) -> None:
    """Half-way numbers tell the rounding modes apart: with another mode the answers change."""
    config = load(configurations[name])
    for case in SUITES["ties"](config, SEED):
        section = "affine" if case.name == "tie_affine" else "output"
        if getattr(config, section).compression.cut_after:
            continue  # half up and half even differ in the lowest bit only, which is cut off again
        answers = []
        for rounding in Rounding:
            part = getattr(config, section)
            other = replace(
                config, **{section: replace(part, compression=replace(part.compression, rounding=rounding))}
            )
            program = replace(case.program, config=other)
            answers.append(run(program, case.traffic.p, case.traffic.n, case.traffic.rx).out)
        for first in range(4):
            for second in range(first):
                assert (answers[first] != answers[second]).any(), f"{case.name}: {first} and {second} agree"


def test_saturation_reaches_both_sides_of_each_bound() -> None:
    config = load("hermes256")
    for case in SUITES["saturation"](config, SEED):
        result = run(case.program, case.traffic.p, case.traffic.n, case.traffic.rx)
        if case.name.startswith("saturation_affine"):
            assert result.counters[case.name.removeprefix("saturation_")] > 0, case.name
            continue
        node = config.code_format(case.program.layer.out_bits, case.program.layer.out_signed)
        for bound, inside in ((node.max_raw, node.max_raw - 1), (node.min_raw, node.min_raw + 1)):
            assert (result.out == bound).any(), f"{case.name}: {bound} is not reached"
            assert (result.out == inside).any(), f"{case.name}: {inside}, next to the bound, is not reached"
        assert result.counters["output_high"] > 0, case.name
        assert result.counters["output_low"] > 0, case.name


def test_files_say_what_the_model_says(tmp_path: Path) -> None:
    config = load("tiny")
    manifest = bundle(config, tmp_path / "bundle")
    assert manifest == json.loads((tmp_path / "bundle" / "manifest.json").read_text("utf-8"))
    for case in manifest["cases"]:  # type: ignore[attr-defined]
        folder = tmp_path / "bundle" / case["suite"] / case["case"]
        for name, entry in case["files"].items():
            data = (tmp_path / "bundle" / name).read_bytes()
            assert (len(data), hashlib.sha256(data).hexdigest()) == (entry["bytes"], entry["sha256"])
        with np.load(folder / "vectors.npz") as arrays:
            out, p = arrays["out"], arrays["p"]
        assert out.shape == (VECTORS, config.columns)
        rows = list(csv.DictReader(io.StringIO((folder / "vectors.csv").read_text("utf-8").split("\n", 1)[1])))
        assert [int(row["out"]) for row in rows] == out.ravel().tolist()
        assert [int(row["p"]) for row in rows] == p.ravel().tolist()
        words = [int(line, 16) for line in (folder / "out.hex").read_text("utf-8").splitlines()[1:]]
        width = max(CODE_BITS)
        codes = [[word >> width * lane & 0xFF for lane in range(config.lanes)] for word in words]
        assert np.array(codes).reshape(out.shape).tolist() == (out & 0xFF).tolist()
        flags = [word >> width * config.lanes for word in words]
        assert flags == [0b01, 0b00, 0b10] * VECTORS


def test_bytes_are_the_same_twice(tmp_path: Path) -> None:
    config = load("tiny")
    bundle(config, tmp_path / "one")
    bundle(config, tmp_path / "two")
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*") if path.is_file())
    assert len(files) > 50
    for name in files:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), name
