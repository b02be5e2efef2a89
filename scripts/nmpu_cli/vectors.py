"""`nmpu vectors`: golden vectors for bring-up."""

import json
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from nmpu_aimc.workload import run
from nmpu_cli.options import ConfigOption, JsonOption, OutOption, SeedOption
from nmpu_model.suites import SUITES, Case
from nmpu_model.traffic import Traffic
from nmpu_bringup.bundle import write_bundle
from nmpu_spec.config import Config
from nmpu_spec.errors import InputError
from nmpu_spec.load import load

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
    """Write register scripts, stimulus and expected outputs (hex, CSV, NPZ) and a manifest with their hashes."""
    loaded = load(config)
    names = suite or [*SUITES, WORKLOAD]
    for name in names:
        if name not in (*SUITES, WORKLOAD):
            raise InputError(f"suite {name!r}: unknown; use {', '.join((*SUITES, WORKLOAD))}")
    folder = out or Path("build") / f"vectors-{loaded.name}"
    cases: dict[str, Iterable[Case]] = {}
    skipped = None
    for name in names:
        try:
            cases[name] = _workload(loaded, images) if name == WORKLOAD else SUITES[name](loaded, seed)
        except InputError as error:
            if suite:
                raise
            skipped = f"{name}: {error}"
    with Console(stderr=True).status(f"vectors of {loaded.name}"):
        manifest = _write(loaded, cases, seed, folder)
    if as_json:
        print(json.dumps(manifest, indent=1))
        return
    console = Console(highlight=False, soft_wrap=True)
    _print(manifest, folder, console)
    if skipped:
        console.print(f"left out: {skipped}", markup=False)


def _workload(config: Config, images: int) -> list[Case]:
    batches = run(config, "nmpu", images).batches
    return [Case(batch.name, batch.program, Traffic(batch.p, batch.n, batch.rx)) for batch in batches]


def _write(config: Config, cases: dict[str, Iterable[Case]], seed: int, folder: Path) -> dict[str, object]:
    """Write beside the folder first, so that nothing half-written is left where somebody looks."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as scratch:
            made = Path(scratch) / "bundle"
            made.mkdir()
            manifest = write_bundle(config, cases, seed, made)
            if folder.exists() and not (folder / "manifest.json").is_file() and any(folder.iterdir()):
                raise InputError(f"{folder}: holds something that is not a vector bundle; choose an empty folder")
            shutil.rmtree(folder, ignore_errors=True)
            made.rename(folder)
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({error.strerror}); choose another --out") from None
    return manifest


def _print(manifest: dict[str, object], folder: Path, console: Console) -> None:
    table = Table(title=f"golden vectors of {manifest['configuration']} in {folder}", title_justify="left")
    for heading in ("suite", "case"):
        table.add_column(heading)
    for heading in ("vectors", "saturated", "files"):
        table.add_column(heading, justify="right")
    for case in manifest["cases"]:  # type: ignore[attr-defined]
        saturated = sum(count for name, count in case["counters"].items() if name.endswith(("_high", "_low")))
        table.add_row(case["suite"], case["case"], str(case["vectors"]), f"{saturated:,}", str(len(case["files"])))
    console.print(table)
