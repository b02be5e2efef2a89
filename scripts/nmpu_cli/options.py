"""Options that several verbs share."""

from pathlib import Path
from typing import Annotated

import typer

ConfigOption = Annotated[
    str, typer.Option("--config", "-c", help="A preset (hermes256, wide256, tiny) or the path of a TOML file.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON instead of a table.")]
SeedOption = Annotated[int, typer.Option("--seed", help="Seed of everything random.")]
LibertyOption = Annotated[
    Path | None,
    typer.Option(
        "--liberty",
        "-l",
        help="Standard-cell library (.lib, .lib.gz), or 'generic'; default: NMPU_LIBERTY, then Debian's osu018.",
    ),
]
OutOption = Annotated[Path | None, typer.Option("--out", "-o", help="Folder to write to; it is replaced.")]
