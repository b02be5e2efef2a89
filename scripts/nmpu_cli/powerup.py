"""`nmpu powerup`: the unit works whatever its registers and memories hold when the power comes."""

from typing import Annotated

import typer

from nmpu_cli.evidence import show
from nmpu_cli.options import ConfigOption, JsonOption
from nmpu_cli.progress import progress_bar
from nmpu_spec.load import load
from nmpu_verif.evidence import write
from nmpu_verif.powerup import evidence


def powerup(
    config: ConfigOption = "tiny",
    states: Annotated[int, typer.Option("--states", "-n", min=2, help="Random power-up states to try.")] = 100,
    as_json: JsonOption = False,
) -> None:
    """Run the benches of the unit on the Verilog for silicon from random power-up states, and from all X; also
    build/verify/powerup-NAME.json."""
    loaded = load(config)
    with progress_bar(counted=True) as progress:
        rows = evidence(loaded, config, states, progress)
    show(f"{loaded.name}: any power-up state", rows, write(f"powerup-{loaded.name}", rows), as_json)
