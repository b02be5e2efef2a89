"""Markdown, neatly."""

import textwrap
from collections.abc import Iterable, Sequence

_AS_IT_IS = ("|", "-", "#", "!", "`" * 3)


def table(heading: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [heading, ["---"] * len(heading), *rows]
    return "".join("| " + " | ".join(str(cell) for cell in line) + " |\n" for line in lines)


def filled(text: str) -> str:
    """`text` with its paragraphs filled to 120 columns; tables, lists, headings, pictures and code stay as they are."""
    blocks = text.strip().split("\n\n")
    return "\n\n".join(block if block.startswith(_AS_IT_IS) else _fill(block) for block in blocks) + "\n"


def _fill(paragraph: str) -> str:
    return textwrap.fill(" ".join(paragraph.split()), 120, break_long_words=False, break_on_hyphens=False)
