"""Timing diagrams, integration guide, unit description and manifest."""

import json
import re
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from typing import Any

from lxml import etree

from nmpu_flow.collateral.manifest import MANIFEST
from nmpu_flow.errors import FlowError
from nmpu_spec.config import Config
from nmpu_verif.tapeout.check import Check, text_of
from nmpu_verif.tapeout.package_files import compare_ports

_SVG = "{http://www.w3.org/2000/svg}"


def _diagrams(folder: Path, _config: Config) -> str:
    pictures = sorted((folder / "diagrams").glob("*.svg"))
    if not pictures:
        raise FlowError("diagrams: there are none")
    for picture in pictures:
        name = f"diagrams/{picture.name}"
        try:
            root = etree.parse(str(picture)).getroot()
        except etree.XMLSyntaxError as error:
            raise FlowError(f"{name}: {error}") from None
        drawn = {"".join(text.itertext()).strip() for text in root.iter(f"{_SVG}text")}
        for signal in _signals(_json(folder, f"diagrams/{picture.stem}.json")["signal"]):
            if root.tag != f"{_SVG}svg" or signal not in drawn:
                raise FlowError(f"{name}: has no row {signal}, which its WaveJSON has")
    return f"{len(pictures)} diagrams, every row of their WaveJSON drawn"


def _signals(rows: list[Any]) -> list[str]:
    names = []
    for row in rows:
        if isinstance(row, list):
            names += _signals(row[1:])
        elif "name" in row:
            names.append(row["name"])
    return names


def _json(folder: Path, name: str) -> Any:
    try:
        return json.loads(text_of(folder, name))
    except json.JSONDecodeError as error:
        raise FlowError(f"{name}: {error}") from None


_LINK = re.compile(r"\]\(([^)\s]+)\)")


def _guide(folder: Path, _config: Config) -> str:
    links = set(_LINK.findall(text_of(folder, "INTEGRATION.md")))
    for link in sorted(links):
        if not (folder / link).is_file():
            raise FlowError(f"INTEGRATION.md: {link}: no such file")
    pages = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    if unnamed := {page for page in pages - links - {"INTEGRATION.md"} if not page.startswith("registers/")}:
        raise FlowError(f"INTEGRATION.md: does not name {min(unnamed)}")
    return f"{len(links)} links, all there; every file is named"


def _description(folder: Path, config: Config) -> str:
    about = _json(folder, "nmpu.json")
    if about["config_hash"] != config.hash or about["config"] != config.as_dict():
        raise FlowError("nmpu.json: is not of this configuration")
    said = {port["name"]: (port["direction"], port["width"]) for port in about["ports"]}
    return f"configuration as built; {compare_ports('nmpu.json', said, folder)}"


def _manifest(folder: Path, config: Config) -> str:
    about = _json(folder, MANIFEST)
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    del files[MANIFEST]
    for name in sorted(files | about["sha256"]):
        if name not in files or name not in about["sha256"]:
            raise FlowError(f"{MANIFEST}: {name}: {'not listed' if name in files else 'no such file'}")
        if sha256(files[name].read_bytes()).hexdigest() != about["sha256"][name]:
            raise FlowError(f"{MANIFEST}: {name}: has another SHA-256")
    if (about["name"], about["config_hash"]) != (config.name, config.hash):
        raise FlowError(f"{MANIFEST}: is of another configuration, {about['name']}")
    return f"{len(files)} files, SHA-256 as listed"


def _lxml() -> str:
    return f"lxml {metadata.version('lxml')}"


CHECKS = (
    Check("diagrams", _lxml, "well-formed SVG, every row of the WaveJSON", _diagrams),
    Check("INTEGRATION.md", lambda: "own", "every link leads to a file, every file is named", _guide),
    Check("nmpu.json", lambda: "own", "configuration, and ports against the Verilog", _description),
    Check(MANIFEST, lambda: "own", "every SHA-256", _manifest),
)
