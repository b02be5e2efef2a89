"""Golden vectors: what the suites reach, what the files say, and that the RTL agrees with them."""

import binascii
import csv
import hashlib
import io
import json
import re
import subprocess
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nmpu_aimc.workload import Batch
from nmpu_bringup.bundle.golden import answer
from nmpu_bringup.bundle.write import model_files, write_bundle
from nmpu_model.stimulus import integers, uniform_bits
from nmpu_model.suites import SUITES, VECTORS
from nmpu_model.unit import run
from nmpu_spec.config import CODE_BITS, Config
from nmpu_spec.load import load
from nmpu_spec.registers import register_map
from nmpu_spec.rounding import Rounding
from nmpu_verif.builds import Build, Simulator
from nmpu_verif.simulate import simulate
from nmpu_verif.workload import save

SEED = 5
ROOT = Path(__file__).parents[2]


def bundle(config: Config, folder: Path) -> dict[str, Any]:
    """What the model alone decides, with one file more, as `nmpu vectors` adds them."""
    folder.mkdir()
    cases = answer({name: make(config, SEED) for name, make in SUITES.items()})
    return write_bundle(config, cases, SEED, {**model_files(config, cases), "replay/Makefile": b"all:\n"}, folder)


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
    for case in manifest["cases"]:
        folder = tmp_path / "bundle" / case["suite"] / case["case"]
        with np.load(folder / "vectors.npz") as arrays:
            out, p = arrays["out"], arrays["p"]
        assert out.shape == (VECTORS, config.columns)
        rows = list(csv.DictReader(io.StringIO((folder / "vectors.csv").read_text("utf-8").split("\n", 1)[1])))
        assert [int(row["out"]) for row in rows] == out.ravel().tolist()
        assert [int(row["p"]) for row in rows] == p.ravel().tolist()
        words = hex_words(folder / "out.hex")
        width = max(CODE_BITS)
        codes = [[word >> width * lane & 0xFF for lane in range(config.lanes)] for word in words]
        assert np.array(codes).reshape(out.shape).tolist() == (out & 0xFF).tolist()
        flags = [word >> width * config.lanes for word in words]
        assert flags == [0b01, 0b00, 0b10] * VECTORS
        crcs = [binascii.crc32(bytes(np.ravel(codes).tolist()[: (v + 1) * config.columns])) for v in range(VECTORS)]
        assert hex_words(folder / "crc.hex") == crcs
        assert case["out_crc"] == f"{crcs[-1]:08x}"


def test_the_check_script_reads_what_a_run_leaves(tmp_path: Path) -> None:
    """Names and addresses are those of the register map, data those of the manifest."""
    config = load("tiny")
    manifest = bundle(config, tmp_path / "bundle")
    registers = register_map(config)
    for case in manifest["cases"]:
        text = (tmp_path / "bundle" / case["suite"] / case["case"] / "check.txt").read_text("utf-8")
        reads = {}
        for line in text.splitlines()[1:]:
            read, _, name = line.partition("  # ")
            verb, address, data = read.split()
            assert (verb, int(address, 16)) == ("r", registers[name].address)
            reads[name] = int(data, 16)
        constants = {"id": 0x4E4D5055, "config_hash": int(config.hash[:8], 16), "geometry": 2 << 16 | 6}
        delivered = {"out_crc": int(case["out_crc"], 16), "out_beats": VECTORS * config.groups}
        assert reads == constants | case["counters"] | delivered
        assert reads["busy"] == VECTORS * config.groups
        assert reads["vectors"] == VECTORS
        assert "cycles" not in reads, "depends on how the tester times its vectors"


def test_the_manifest_lists_every_file(tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    manifest = bundle(load("tiny"), folder)
    assert manifest == json.loads((folder / "manifest.json").read_text("utf-8"))
    found = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    assert manifest["files"].keys() == found.keys() - {"manifest.json"}
    for name, entry in manifest["files"].items():
        data = found[name].read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (entry["bytes"], entry["sha256"])
    assert {"program.txt", "rx.hex", "replay/"} < manifest["file_kinds"].keys()
    assert "pins.stil" not in manifest["file_kinds"], "there is none in this bundle"
    for kind in manifest["file_kinds"]:
        assert f"  {kind} " in found["README.txt"].read_text("utf-8")


def test_the_manifest_defines_the_random_numbers(tmp_path: Path) -> None:
    """Its constants, taken from the text, in a few lines of Python: the generator gives the same numbers."""
    text = "\n".join(bundle(load("tiny"), tmp_path / "bundle")["random_numbers"])
    gamma = int(re.search(r"GAMMA = (0x[0-9a-f]+)", text)[1], 16)
    (first, second) = ((int(shift), int(factor, 16)) for shift, factor in re.findall(r">> (\d+)\)\) \* (0x\w+)", text))
    (last,) = (int(shift) for shift in re.findall(r">> (\d+)\)$", text, re.M))
    key = int.from_bytes(hashlib.sha256(b"7/stream").digest()[:8], "little")
    words = []
    for k in range(100):
        z = (key + (k + 1) * gamma) % 2**64
        for shift, factor in (first, second):
            z = (z ^ z >> shift) * factor % 2**64
        words.append(z ^ z >> last)
    assert uniform_bits(7, "stream", 100).tolist() == words
    assert integers(7, "stream", -3, 96, (100,)).tolist() == [-3 + ((word >> 32) * 100 >> 32) for word in words]


def test_the_documented_crc_is_the_bundles(tmp_path: Path) -> None:
    """The two snippets of docs/vectors.md, run on the codes of a case with signed and with masked columns."""
    page = (ROOT / "docs" / "vectors.md").read_text("utf-8")
    (python,) = re.findall(r"```python\nimport zlib\n(.*?)```", page, re.S)
    (c,) = re.findall(r"```c\n(.*?)```", page, re.S)
    cases = answer({"corners": SUITES["corners"](load("hermes256"), SEED)})
    golden = next(case for case in cases if case.out.min() < 0 and not case.case.program.mask.all())
    names = {"codes": golden.out.tolist(), "zlib": zlib}
    exec(python, names)
    assert names["crc"] == golden.crcs[-1]
    start, update = c.splitlines()
    fields = ", ".join(map(str, (golden.out & 0xFF).ravel().tolist()))
    (tmp_path / "crc.c").write_text(
        f"""#include <stdint.h>
        #include <stdio.h>
        static const uint8_t fields[] = {{{fields}}};
        int main(void) {{
            {start}
            for (unsigned k = 0; k < sizeof fields; k++) {{ uint8_t field = fields[k]; {update} }}
            printf("%lu", (unsigned long)crc);
            return 0;
        }}"""
    )
    subprocess.run(["gcc", "-std=c99", "-Wall", "-Werror", "crc.c", "-o", "crc"], cwd=tmp_path, check=True)
    said = subprocess.run([tmp_path / "crc"], capture_output=True, text=True, check=True)
    assert int(said.stdout) == golden.crcs[-1]


def hex_words(path: Path) -> list[int]:
    return [int(line, 16) for line in path.read_text("utf-8").splitlines()[1:]]
