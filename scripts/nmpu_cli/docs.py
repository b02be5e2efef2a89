"""`nmpu docs`: the generated pages that are kept in the tree."""

from pathlib import Path

from nmpu_flow.collateral import markdown
from nmpu_spec.config import Config
from nmpu_spec.half import WORD, HalfConfig
from nmpu_spec.load import load, presets
from nmpu_spec.parameters import parameter_fields

_DOCS = Path("docs")


def docs() -> None:
    """Write docs/registers.md and docs/configurations.md (from the repository's root)."""
    (_DOCS / "registers.md").write_text(markdown(load("hermes256")), "utf-8")
    (_DOCS / "configurations.md").write_text(_configurations([load(name) for name in presets()]), "utf-8")


def _format(config: Config, node: str) -> str:
    binary16 = isinstance(config, HalfConfig) and config.nodes[node] == WORD
    return "binary16" if binary16 else str(config.nodes[node])


def _configurations(configs: list[Config]) -> str:
    names = [config.name for config in configs]
    rows = {
        "columns": [str(config.columns) for config in configs],
        "lanes": [str(config.lanes) for config in configs],
        "groups (clocks per vector)": [str(config.groups) for config in configs],
        "latency, clocks": [str(config.pipeline.latency) for config in configs],
        **{f"`{node}`": [_format(config, node) for config in configs] for node in configs[0].nodes},
        "parameter words per column": [str(parameter_fields(config)[-1].word + 1) for config in configs],
        "hash": [f"`{config.hash[:16]}`" for config in configs],
    }
    lines = ["# The presets", "", "Written by `make regenerate`.", ""]
    lines += [f"| | {' | '.join(names)} |", f"|---|{'---|' * len(names)}"]
    lines += [f"| {row} | {' | '.join(cells)} |" for row, cells in rows.items()]
    return "\n".join(lines) + "\n"
