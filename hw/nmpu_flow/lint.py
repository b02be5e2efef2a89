"""Verilator's opinion on the Verilog."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from nmpu_flow.errors import FlowError
from nmpu_flow.tools import verilator

WAIVERS = Path(__file__).with_name("waivers.vlt")
"""Every warning that is not an error, and why."""


def lint(files: Sequence[Path], top: str) -> None:
    """Raises `FlowError` with the first thing that Verilator -Wall finds in `files`, beyond what `WAIVERS` names."""
    program, environment = verilator()
    command = [str(program), "--lint-only", "-Wall", "--top-module", top, str(WAIVERS), *map(str, files)]
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    said = (done.stderr + done.stdout).splitlines()
    first = next((line for line in said if line.startswith("%")), None)
    if done.returncode or first:
        raise FlowError(f"verilator: {(first or ' '.join(said) or 'no message').removeprefix('%')}")
