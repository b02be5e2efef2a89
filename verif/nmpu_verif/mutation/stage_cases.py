"""The stage benches' own operands and expected numbers, put through one module by Icarus.

The benches drive an array of copies that Verilator compiles, which takes longer than most mutants live. Their cases are
taken from the benches themselves: a bench runs with its comparison exchanged for a note of what it would compare.
"""

import asyncio
import os
import subprocess
import tempfile
from collections.abc import Mapping
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from nmpu_verif.mutation.killers import DoesNotCompileError, Killer, verification_sources
from nmpu_verif.mutation.mutant import Mutant, digest
from nmpu_verif.mutation.verilog_text import VerilogModule, modules

STAGES = {
    "affine": "affine",
    "compress": "compress_configured",
    "norm": "norm",
    "relu_1": "relu",
    "residual": "residual",
    "output": "output_configured",
}
"""Module of the unit to the variant in its bench that is the same."""
_SECONDS = 60

_BENCH = """
module bench;
  reg [{width}:0] cases [0:{last}];
  reg [{width}:0] now;
  integer number;
{wires}
  {module} stage ({pins});
  initial begin
    $readmemh("cases.hex", cases);
    for (number = 0; number <= {last}; number = number + 1) begin
      now = cases[number];
      #1;
      if ({seen} !== now[{expected}:0]) begin
        $display("case %0d: %h instead of %h", number, {seen}, now[{expected}:0]);
        $finish;
      end
    end
    $display("all equal");
  end
endmodule
"""

Columns = Mapping[str, NDArray[np.integer]]


def stage_killer(config: str, seed: int, top: str) -> Killer:
    """Every case of the stage's bench for `config`."""
    return Killer(
        "stage bench",
        lambda mutant: mutant.module in STAGES,
        lambda mutant: run_cases(mutant, top, *bench_cases(mutant.module, config, seed)),
        digest(config, str(seed), verification_sources(__file__, "stage*.py", "operands.py", *_benches())),
    )


def _benches() -> list[str]:
    return sorted({f"bench_{variant.partition('_')[0]}.py" for variant in STAGES.values()})


@lru_cache
def bench_cases(module: str, config: str, seed: int) -> tuple[Columns, Columns]:
    """What the bench drives into the stage, and what it expects."""
    name = STAGES[module].partition("_")[0]
    bench = import_module(f"nmpu_verif.bench_{name}")
    noted: dict[str, tuple[Columns, Columns]] = {}

    async def note(_dut: Any, _config: Any, stage: str, inputs: Columns, expected: Columns) -> None:
        noted[stage] = inputs, expected

    environment = {"NMPU_CONFIG": config, "NMPU_SEED": str(seed)}
    with patch.object(bench, "compare", note), patch.dict(os.environ, environment):
        asyncio.run(getattr(bench, f"{name}_equals_model").func(None))
    return noted[STAGES[module]]


def run_cases(mutant: Mutant, top: str, inputs: Columns, expected: Columns) -> str | None:
    """The first case whose outputs are not the expected ones."""
    found = next(module for module in modules(mutant.text) if module.name == f"{top}_{mutant.module}")
    with tempfile.TemporaryDirectory(prefix="nmpu_mutant_") as name:
        folder = Path(name)
        (folder / "stage.v").write_text("\n".join(found.lines) + "\n" + _bench(found, inputs, expected), "utf-8")
        (folder / "cases.hex").write_text(_words(found, inputs, expected), "ascii")
        built = ["iverilog", "-g2005", "-s", "bench", "-o", "stage.vvp", "stage.v"]
        if subprocess.run(built, cwd=folder, check=False, capture_output=True).returncode:
            raise DoesNotCompileError(mutant.name)
        try:
            done = subprocess.run(
                ["vvp", "-N", "stage.vvp"], cwd=folder, check=False, capture_output=True, text=True, timeout=_SECONDS
            )
        except subprocess.TimeoutExpired:
            return f"hangs: no end after {_SECONDS} s"
    said = done.stdout.strip().splitlines()[-1:]
    return None if said == ["all equal"] else " ".join(said) or "no result"


def _bench(module: VerilogModule, inputs: Columns, expected: Columns) -> str:
    below = sum(module.widths[port] for port in expected)
    wires, pins, at = [], [], below
    for port in inputs:
        width = module.widths[port]
        wires.append(f"  wire [{width - 1}:0] {port} = now[{at} +: {width}];")
        at += width
    wires += [f"  wire [{module.widths[port] - 1}:0] {port};" for port in expected]
    pins = [f".{port}({port})" for port in (*inputs, *expected)]
    return _BENCH.format(
        module=module.name,
        width=at - 1,
        last=len(next(iter(inputs.values()))) - 1,
        wires="\n".join(wires),
        pins=", ".join(pins),
        seen=f"{{{', '.join(reversed([*expected]))}}}",
        expected=below - 1,
    )


def _words(module: VerilogModule, inputs: Columns, expected: Columns) -> str:
    """A line of hexadecimal digits for each case: the expected outputs lowest, then the inputs."""
    total = np.zeros(len(next(iter(inputs.values()))), np.int64)
    at = 0
    for port, raws in [*expected.items(), *inputs.items()]:
        width = module.widths[port]
        total |= (raws.astype(np.int64) & ((1 << width) - 1)) << at
        at += width
    assert at < 63, "a case must fit a machine word"
    return "\n".join(f"{word:x}" for word in total.tolist())
