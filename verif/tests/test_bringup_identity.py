"""A bundle's bytes depend on what its manifest names, and on nothing else."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

NUMPY = "1.26.4"
"""The oldest numpy that the golden model is meant for; what is installed is the newest."""


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bundle(tmp_path_factory.mktemp("first") / "bundle", PYTHONHASHSEED="0")


@pytest.fixture(scope="module")
def old_numpy() -> Path:
    """A folder with numpy 1.26 alone, fetched once and kept under build/."""
    folder = Path("build", f"numpy-{NUMPY}").resolve()
    if not folder.is_dir():
        scratch = folder.with_suffix(f".{os.getpid()}")
        words = ["pip", "install", "--quiet", "--no-deps", "--only-binary=:all:", "--target", str(scratch)]
        said = subprocess.run(
            [sys.executable, "-m", *words, f"numpy=={NUMPY}"], capture_output=True, text=True, check=False
        )
        if said.returncode:
            reason = (said.stderr.strip().splitlines() or ["no reason given"])[-1]
            pytest.skip(f"pip cannot get numpy {NUMPY} for this Python ({reason}); the old numpy is left out")
        scratch.replace(folder)
    return folder


def test_hash_seeds_change_nothing(first: Path, tmp_path: Path) -> None:
    equal(first, bundle(tmp_path / "bundle", PYTHONHASHSEED="12345"))


def test_an_old_numpy_changes_nothing(first: Path, old_numpy: Path, tmp_path: Path) -> None:
    """Model, files and the simulator's process alike: the path is inherited."""
    path = os.pathsep.join(filter(None, (str(old_numpy), os.environ.get("PYTHONPATH"))))
    words = [sys.executable, "-c", "import numpy; print(numpy.__version__)"]
    used = subprocess.run(words, capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": path})
    assert used.stdout.strip() == NUMPY
    equal(first, bundle(tmp_path / "bundle", PYTHONPATH=path))


def bundle(folder: Path, **environment: str) -> Path:
    """A bundle of `tiny`, made by a process of its own."""
    said = subprocess.run(
        [sys.executable, "-m", "nmpu_cli.main", "vectors", "--config", "tiny", "--out", str(folder)],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        check=False,
    )
    assert said.returncode == 0, said.stderr
    return folder


def equal(one: Path, two: Path) -> None:
    """The same files, each with the same bytes."""
    names = {str(path.relative_to(one)) for path in one.rglob("*") if path.is_file()}
    assert names == {str(path.relative_to(two)) for path in two.rglob("*") if path.is_file()}
    kinds = {"program.txt", "check.txt", "crc.hex", "vectors.csv", "vectors.npz", "pins.stil", "setup.stil"}
    assert kinds <= {Path(name).name for name in names}
    for name in sorted(names):
        assert (one / name).read_bytes() == (two / name).read_bytes(), name
