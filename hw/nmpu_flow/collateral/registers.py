"""The register map for firmware and for readers: C header, Markdown, HTML."""

import copy
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from peakrdl_cheader.exporter import CHeaderExporter
from peakrdl_html import HTMLExporter
from peakrdl_markdown import MarkdownExporter

from nmpu_flow.errors import FlowError
from nmpu_spec.config import Config
from nmpu_spec.registers import elaborate

REGISTERS = "nmpu_registers"
"""The name of the register map's files, without suffix; the C header's include guard follows from it."""

_MATHJAX = '<script async src="https://cdn.jsdelivr.net/npm/mathjax@2/MathJax.js"></script>'


def c_header(config: Config) -> str:
    """The register map as a C header: masks, positions and resets of every field, and one struct to lay over it."""

    # Without typedef reuse names are the register's path; with it they spell out every parameter of the elaboration.
    return _exported(".h", lambda path: CHeaderExporter().export(elaborate(config), path, reuse_typedefs=False))


def markdown(config: Config) -> str:
    """The register map as one Markdown page; an array is described once, by its first element."""
    return _exported(".md", lambda path: _FirstOfEachArray().export(elaborate(config), path))


def html(config: Config, folder: Path) -> None:
    """Write the register map as a browsable page, `folder`/index.html and what it needs."""
    # Ends the page's addresses, so that browsers load a new version: a number, and the hash gives one without a clock.
    exporter = HTMLExporter(user_context={"build_ts": int(config.hash[:8], 16)}, generate_source_links=False)
    exporter.export(elaborate(config), str(folder))
    # The page would fetch a formula renderer from the network and stay empty without it; there are no formulas.
    index = folder / "index.html"
    text = index.read_text("utf-8")
    if _MATHJAX not in text:
        raise FlowError("register page: its formula renderer is not where it was; another version of peakrdl-html?")
    index.write_text(
        text.replace(_MATHJAX, "<script>var MathJax = {Hub: {Config() {}, Queue() {}}};</script>"), "utf-8"
    )


class _FirstOfEachArray(MarkdownExporter):
    """The stock exporter repeats every register of an array: tens of thousands of lines for 256 columns."""

    def _add_addrmap_regfile_mem(self, node: Any, msg: Any, depth: int) -> Any:
        node = copy.copy(node)
        every = node.children

        def children(**options: Any) -> list[Any]:
            return [child for child in every(**options) if not child.is_array or not any(child.current_idx)]

        node.children = children
        return super()._add_addrmap_regfile_mem(node, msg, depth)


def _exported(suffix: str, export: Callable[[str], object]) -> str:
    with tempfile.TemporaryDirectory(prefix="nmpu_registers_") as folder:
        path = Path(folder) / f"{REGISTERS}{suffix}"
        export(str(path))
        return path.read_text("utf-8")
