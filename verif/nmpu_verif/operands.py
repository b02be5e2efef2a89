"""Which operands a stage is tried with: all of them where that is few, otherwise the edges and seeded random ones."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from nmpu_model.stimulus import integers
from nmpu_spec.formats import Format

Operands = dict[str, NDArray[np.int64]]
"""Port name to raws, shape (cases,)."""


def every(nodes: Mapping[str, Format]) -> Operands:
    """The cross product of all raws of all operands."""
    grids = np.meshgrid(*(np.arange(node.min_raw, node.max_raw + 1) for node in nodes.values()), indexing="ij")
    return {name: grid.ravel() for name, grid in zip(nodes, grids, strict=True)}


def edges(node: Format) -> NDArray[np.int64]:
    """Both ends, around zero, and each power of two with its neighbours."""
    raws = {node.min_raw, node.min_raw + 1, node.max_raw - 1, node.max_raw}
    raws |= {sign * (1 << bit) + near for bit in range(node.width) for sign in (-1, 1) for near in (-1, 0, 1)}
    return np.array(sorted(raw for raw in raws if node.contains(raw)), dtype=np.int64)


def directed(nodes: Mapping[str, Format], seed: int, stream: str, cases: int) -> Operands:
    """`cases` cases: half draw every operand from its edges, a quarter mix edges and random, a quarter are random."""
    operands: Operands = {}
    for name, node in nodes.items():
        ends = edges(node)
        at_edge = ends[integers(seed, f"{stream}/{name}/edge", 0, len(ends) - 1, (cases,))]
        anywhere = integers(seed, f"{stream}/{name}/any", node.min_raw, node.max_raw, (cases,))
        coin = integers(seed, f"{stream}/{name}/coin", 0, 1, (cases,)).astype(bool)
        place = np.arange(cases) * 4 // cases
        operands[name] = np.where((place < 2) | ((place == 2) & coin), at_edge, anywhere)
    return operands
