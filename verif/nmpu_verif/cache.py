"""Folders of build results that are made once."""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def made_once(folder: Path) -> Iterator[bool]:
    """Hold `folder` for one process at a time; yields whether it is still to be made, and is empty then.

    It counts as made when the body ends without an exception.
    """
    marker = folder / "built"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        missing = not marker.is_file()
        if missing:
            # What an interrupted build left behind could pass for up to date.
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
        yield missing
        marker.touch()
