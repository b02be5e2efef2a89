"""A check of a handed-over folder, and how it becomes a row."""

import os
import re
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nmpu_flow.errors import FlowError
from nmpu_spec.config import Config
from nmpu_spec.errors import InputError
from nmpu_verif.tapeout.rows import Row


@dataclass(frozen=True)
class Check:
    """`run` is given the folder and the configuration that it was made from, and returns what it found.

    It raises `FlowError` for a flaw, and `InputError` where the tool, or one that it needs, is not installed.
    """

    step: str
    tool: Callable[[], str]
    """Name and version; raises `InputError` where it is not installed."""
    method: str
    run: Callable[[Path, Config], str]

    def row(self, folder: Path, config: Config) -> Row:
        """The row of this check; what the tool says of a flaw is its detail."""
        start = time.monotonic()
        tool = ""
        passed: bool | None = True
        try:
            tool = self.tool()
            detail = self.run(folder, config)
        except InputError as error:
            passed, detail = None, str(error)
            tool = tool or detail.partition(":")[0]
        except FlowError as error:
            passed, detail = False, str(error)
        return Row(self.step, tool, self.method, passed, " ".join(detail.split()), time.monotonic() - start)


def said(command: Sequence[str | Path], folder: Path, environment: Mapping[str, str] | None = None) -> str:
    """What `command`, started in `folder`, printed; raises `FlowError` with its last lines where it fails."""
    full = {**os.environ, **(environment or {})}
    done = subprocess.run(command, cwd=folder, env=full, check=False, capture_output=True, text=True)
    text = done.stdout + done.stderr
    if done.returncode:
        lines = [line for line in text.splitlines() if line.strip()]
        errors = [line for line in lines if re.search("error|warning", line, re.I)] or lines[-2:]
        raise FlowError(f"{Path(command[0]).name}: {'; '.join(errors[:3]) or f'exit code {done.returncode}'}")
    return text


def text_of(folder: Path, name: str) -> str:
    """The text of a file of the hand-over; raises `FlowError` where there is none."""
    try:
        return (folder / name).read_text("utf-8")
    except (OSError, UnicodeError) as error:
        raise FlowError(f"{name}: cannot be read ({error})") from None
