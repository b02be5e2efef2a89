"""``manifest.json``: what belongs to a hand-over, and what made it."""

import json
from hashlib import sha256
from importlib import metadata
from pathlib import Path

from nmpu_flow.tools import versions
from nmpu_spec.config import Config

MANIFEST = "manifest.json"
_COLLATERAL_TOOLS = (
    "systemrdl-compiler",
    "peakrdl-cheader",
    "peakrdl-html",
    "peakrdl-ipxact",
    "peakrdl-markdown",
    "peakrdl-systemrdl",
    "wavedrom",
)


def manifest(config: Config, folder: Path) -> str:
    """The manifest of everything in `folder`, which must hold nothing but the hand-over: SHA-256 of each file."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path != folder / MANIFEST)
    about = {
        "name": config.name,
        "config_hash": config.hash,
        "implementation": config.implementation.as_dict(),
        "tools": {**versions(), **{name: metadata.version(name) for name in _COLLATERAL_TOOLS}},
        "sha256": {path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest() for path in files},
    }
    return json.dumps(about, indent=1) + "\n"
