"""Run a network on a chip, layer by layer: analog products, and a digital part that turns counters into codes."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from nmpu_aimc.chip import Chip, Stage
from nmpu_aimc.networks.graph import INPUT, Layer, patches
from nmpu_aimc.plan import Codes, pool_codes
from nmpu_aimc.tile import MAX_PULSE

Counters = NDArray[np.uint16]


class Digital(Protocol):
    """What stands behind the tiles."""

    def codes(self, stage: Stage, p: Counters, n: Counters, rx: Codes | None) -> Codes:
        """INT8 codes (vectors, channels) of the counters (vectors, columns) and of RX (vectors, channels)."""


def run(chip: Chip, digital: Sequence[Digital], images: Codes, first: int = 0) -> Codes:
    """The codes of the last node, (digital parts, images, classes), of input codes (images, height, width, channels).

    All digital parts see the same chip and the same read noise, and each feeds its own codes forward. `first` is the
    number of the first image: what an image answers does not depend on those beside it.
    """
    graph = chip.plan.graph
    last_use = graph.last_use
    tensors: dict[str, Codes] = {INPUT: np.broadcast_to(images, (len(digital), *images.shape))}
    for node in graph.nodes:
        x = tensors[node.source]
        if isinstance(node, Layer):
            answer = _layer(chip, node, digital, tensors, first)
        else:
            pooled = pool_codes(x.reshape(-1, *x.shape[2:]), node, chip.plan.gains[node.name])
            answer = pooled.reshape(*x.shape[:2], *pooled.shape[1:])
        tensors[node.name] = answer
        for name in [name for name in tensors if last_use.get(name) == node.name]:
            del tensors[name]
    return tensors[graph.nodes[-1].name].reshape(len(digital), len(images), -1)


def _layer(chip: Chip, layer: Layer, digital: Sequence[Digital], tensors: dict[str, Codes], first: int) -> Codes:
    x = tensors[layer.source]
    rows = patches(x.reshape(-1, *x.shape[2:]), layer.kernel, layer.stride, layer.padding)
    places = rows.shape[1:3]
    # Codes go to -128; the magnitude of a pulse ends at 127.
    vectors = np.maximum(rows.reshape(len(digital), -1, layer.rows), -MAX_PULSE)
    residual = None if layer.residual is None else tensors[layer.residual].reshape(*vectors.shape[:2], -1)
    answers = []
    for chain in chip.plan.chains[layer.name]:
        rx = None if residual is None else residual[..., chain[0].channels]
        for part in chain:
            stage = chip.stages[part.name]
            p, n = stage.tile.convert(vectors[..., part.rows], "run", first * places[0] * places[1])
            rx = np.stack(
                [
                    one.codes(stage, p[index], n[index], None if rx is None else rx[index])
                    for index, one in enumerate(digital)
                ]
            )
        assert rx is not None
        answers.append(rx)
    return np.concatenate(answers, axis=2).reshape(*x.shape[:2], *places, layer.channels)
