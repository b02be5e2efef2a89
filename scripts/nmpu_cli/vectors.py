"""`nmpu vectors`: everything that is needed to exercise a chip, in one folder."""

import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.status import Status
from rich.table import Table

from nmpu_aimc.workload import run
from nmpu_bringup.bundle.golden import GoldenCase, answer
from nmpu_bringup.bundle.write import model_files, write_bundle
from nmpu_bringup.replay import replay_files
from nmpu_bringup.selftest import selftest_files
from nmpu_cli.options import ConfigOption, JsonOption, OutOption, SeedOption
from nmpu_flow.collateral import c_header
from nmpu_model.suites import SUITES, Case
from nmpu_model.traffic import Traffic
from nmpu_spec.config import Config
from nmpu_spec.errors import InputError
from nmpu_spec.half import require_fixed
from nmpu_spec.load import load
from nmpu_verif.record import record

WORKLOAD = "workload"


def vectors(
    config: ConfigOption = "hermes256",
    suite: Annotated[
        list[str] | None, typer.Option(help="corners, ties, saturation, workload; repeatable; default: all.")
    ] = None,
    out: OutOption = None,
    seed: SeedOption = 1,
    images: Annotated[int, typer.Option(help="Digit images in the suite workload.")] = 2,
    as_json: JsonOption = False,
) -> None:
    """Write register scripts, stimulus, answers, pin patterns (STIL), a Verilog testbench, a C self-test, a manifest.

    The pin patterns are recorded from the RTL, which is compared with the model on the way.
    """
    loaded = require_fixed(load(config))
    names = suite or [*SUITES, WORKLOAD]
    for name in names:
        if name not in (*SUITES, WORKLOAD):
            raise InputError(f"suite {name!r}: unknown; use {', '.join((*SUITES, WORKLOAD))}")
    folder = out or Path("build") / f"vectors-{loaded.name}"
    _check(folder)
    suites: dict[str, list[Case]] = {}
    skipped = None
    with Console(stderr=True).status("golden model") as status:
        for name in names:
            try:
                suites[name] = _workload(loaded, images) if name == WORKLOAD else list(SUITES[name](loaded, seed))
            except InputError as error:
                if suite:
                    raise
                skipped = f"{name}: {error}"
        cases = answer(suites)
        files = _files(loaded, config, suites, cases, status)
        status.update("writing")
        manifest = _write(loaded, cases, seed, files, folder)
    if as_json:
        print(json.dumps(manifest, indent=1))
        return
    console = Console(highlight=False, soft_wrap=True)
    _print(cases, manifest, folder, console)
    if skipped:
        console.print(f"left out: {skipped}", markup=False)


def _files(
    config: Config, source: str, suites: dict[str, list[Case]], cases: Sequence[GoldenCase], status: Status
) -> dict[str, bytes]:
    """Everything in the bundle but README.txt and manifest.json: path to bytes."""

    def progress(step: str, done: int, total: int) -> None:
        status.update(f"{step}: {done} of {total} cases" if done else step)

    files = model_files(config, cases)
    files |= record(config, source, cases, files, progress)
    status.update("replay and self-test")
    files |= replay_files(config, suites)
    files |= selftest_files(config, suites, c_header(config).encode())
    return files


def _workload(config: Config, images: int) -> list[Case]:
    batches = run(config, images).batches
    return [Case(batch.name, batch.program, Traffic(batch.p, batch.n, batch.rx)) for batch in batches]


def _check(folder: Path) -> None:
    """Before the work begins: that its result can be written, and replaces nothing but an earlier bundle."""
    try:
        if folder.exists() and not (folder / "manifest.json").is_file() and any(folder.iterdir()):
            raise InputError(f"{folder}: holds something that is not a vector bundle; choose an empty folder")
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _scratch(folder):
            pass
    except OSError as error:
        raise _cannot_write(folder, error) from None


def _write(
    config: Config, cases: Sequence[GoldenCase], seed: int, files: dict[str, bytes], folder: Path
) -> dict[str, Any]:
    """Write beside the folder first, so that nothing half-written is left where somebody looks."""
    try:
        with _scratch(folder) as scratch:
            made = Path(scratch) / "bundle"
            made.mkdir()
            manifest = write_bundle(config, cases, seed, files, made)
            shutil.rmtree(folder, ignore_errors=True)
            made.rename(folder)
    except OSError as error:
        raise _cannot_write(folder, error) from None
    return manifest


def _scratch(folder: Path) -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent)


def _cannot_write(folder: Path, error: OSError) -> InputError:
    return InputError(f"{folder}: cannot be written ({error.strerror}); choose another --out")


def _print(cases: Sequence[GoldenCase], manifest: dict[str, Any], folder: Path, console: Console) -> None:
    table = Table(title=f"golden vectors of {manifest['configuration']} in {folder}", title_justify="left")
    table.add_column("case", no_wrap=True)
    for heading in ("vectors", "saturated", "files", "kB"):
        table.add_column(heading, justify="right")
    sizes = {path: entry["bytes"] for path, entry in manifest["files"].items()}
    for golden in cases:
        saturated = sum(count for name, count in golden.counters.items() if name.endswith(("_high", "_low")))
        own = [size for path, size in sizes.items() if path.startswith(f"{golden.place}/")]
        numbers = (len(golden.out), saturated, len(own), round(sum(own) / 1000))
        table.add_row(golden.place, *(f"{number:,}" for number in numbers))
    console.print(table)
    total = f"{len(sizes) + 1} files, {sum(sizes.values()) / 1e6:.1f} MB"
    console.print(f"{total}; the RTL answers every case as the model does")
