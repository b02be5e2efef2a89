"""`nmpu prove`: the emitted RTL against the definitions of `nmpu_spec`, for all inputs, by SMT."""

import os
from typing import Annotated

import typer

from nmpu_cli.evidence import show
from nmpu_cli.options import ConfigOption, JsonOption
from nmpu_cli.progress import progress_bar
from nmpu_spec.half import require_fixed
from nmpu_spec.load import load
from nmpu_verif.evidence import write
from nmpu_verif.proof.proofs import prove_all


def prove(
    config: ConfigOption = "hermes256",
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Processes.")] = os.cpu_count() or 1,
    as_json: JsonOption = False,
) -> None:
    """Prove every stage, the lane, the sequencer, the streams and the register block; build/verify/prove-NAME.json."""
    loaded = require_fixed(load(config))
    with progress_bar() as progress:
        rows = prove_all(loaded, jobs, progress)
    kind = f"prove-{loaded.name}"
    show(f"{loaded.name}: proofs", rows, write(kind, rows), as_json)
