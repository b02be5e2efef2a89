"""A network on tiles: which tile holds which weights, and what every code stands for. It is the same for all chips.

A layer of more rows than a tile becomes a chain of tiles: each adds the INT8 code of the one before it, which comes on
the unit's RX. A residual enters such a chain at its first tile. A layer of more channels than columns becomes several
chains side by side.

The ranges are those of ideal tiles (no noise, no rounding of counts) on calibration images, from exact sums, so that
every machine finds the same ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nmpu_aimc.networks.graph import INPUT, Graph, Layer, Pool, patches, pooled
from nmpu_aimc.tile import MAX_PULSE, MAX_TARGET, TILE_ROWS, pair
from nmpu_spec.errors import InputError

FULL_SCALE = 420
"""[P] Usable levels of a counter in its integration window (JSSC 2022)."""
MOST_GAIN = 1.99
"""Output codes for one count, at most (ours): finer codes would hold little but the rounding of the counts, and gains
of an S2.10 end below 2."""
_CLIPS = np.linspace(0.3, 1.0, 36)
"""Fractions of the largest value that are tried as the end of a range (ours)."""
_SAMPLE = 1 << 18
"""Values of a tensor that its range is taken from."""

Codes = NDArray[np.int8]
Reals = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Part:
    """What one tile does, and the unit behind it: code = round(relu(slope * sum + bias + RX) / output_step).

    name         ``<layer>.<tile of the chain>``, with ``/<chain>`` where a layer has several
    rows, channels   of the layer's weights
    targets      signed integer weights (rows, channels)
    lsb          current of one count: the largest current of either branch makes 420 counts
    count_step   what one count stands for in the layer's sum, (channels,)
    slope, bias  (channels,); bias only in the last tile of a chain
    output_step  what one output code stands for
    relu_1, relu_2   before and after the addition of RX
    rx           the tensor that comes on RX: the name of another part, of a node, or None
    rx_step      what one of its codes stands for
    """

    name: str
    rows: slice
    channels: slice
    targets: NDArray[np.int64]
    lsb: int
    count_step: NDArray[np.float64]
    slope: NDArray[np.float64]
    bias: NDArray[np.float64]
    output_step: float
    relu_1: bool
    relu_2: bool
    rx: str | None
    rx_step: float


@dataclass(frozen=True)
class Plan:
    """`chains` of each layer, by its name: the parts in the order in which they run; `steps` of each node's codes.

    `gains` of each mean pool: its code is floor(gain * mean of codes + 1/2), a power of two.
    """

    graph: Graph
    chains: Mapping[str, tuple[tuple[Part, ...], ...]]
    steps: Mapping[str, float]
    gains: Mapping[str, int]

    @property
    def parts(self) -> tuple[Part, ...]:
        return tuple(part for layer in self.chains.values() for chain in layer for part in chain)

    def input_codes(self, x: Reals) -> Codes:
        """The pulse widths of an input; what is out of range is clipped."""
        return to_codes(x, self.steps[INPUT])


def make_plan(graph: Graph, calibration: Reals, columns: int, ranges: Mapping[str, float] | None = None) -> Plan:
    """Map `graph` with the ranges of the `calibration` inputs (images, height, width, channels).

    `ranges` sets the largest input of layers by their names, where training has found it (`aihwkit.input_ranges`).
    Otherwise the largest of the calibration inputs is code 127 of the input, and `best_step` is for what is behind.
    Raises `InputError`, naming the layer, for what the tiles and the unit cannot do.
    """
    for layer in graph.layers:
        _check(layer)
    given = _given_steps(graph, ranges or {})
    step = given.get(INPUT, float(np.abs(calibration).max()) / MAX_PULSE)
    steps, codes = {INPUT: step}, {INPUT: to_codes(calibration, step)}
    chains: dict[str, tuple[tuple[Part, ...], ...]] = {}
    gains: dict[str, int] = {}
    for node in graph.nodes:
        if isinstance(node, Pool):
            gains[node.name] = _pool_gain(pooled(codes[node.source], node)) if node.kind == "mean" else 1
            steps[node.name] = steps[node.source] / gains[node.name]
            codes[node.name] = pool_codes(codes[node.source], node, gains[node.name])
            continue
        chains[node.name], out, steps[node.name] = _map_layer(node, codes, steps, columns, given.get(node.name))
        codes[node.name] = to_codes(out, steps[node.name])
    return Plan(graph, chains, steps, gains)


def to_codes(x: Reals, step: float) -> Codes:
    """floor(x / step + 1/2), clipped to +-127."""
    return np.clip(np.floor(x / step + 0.5), -MAX_PULSE, MAX_PULSE).astype(np.int8)


def pool_codes(x: Codes, pool: Pool, gain: int) -> Codes:
    """A pool of codes: their largest, or floor(gain * mean + 1/2), clipped."""
    return to_codes(pooled(x, pool), 1 / gain)


def slices(count: int, size: int) -> list[slice]:
    """As few slices as hold `count` with at most `size` each, loaded evenly."""
    pieces = -(-count // size)
    return [slice(count * piece // pieces, count * (piece + 1) // pieces) for piece in range(pieces)]


def best_step(x: Reals, least: float = 0.0) -> float:
    """The step for which the codes of x have the least mean squared error, their clipping included; or `least`."""
    sample = x.reshape(-1)
    sample = sample[:: -(-sample.size // _SAMPLE)]
    largest = float(np.abs(x).max()) or 1.0
    errors = [float(np.square(to_codes(sample, step) * step - sample).mean()) for step in largest / MAX_PULSE * _CLIPS]
    return max(float(largest / MAX_PULSE * _CLIPS[int(np.argmin(errors))]), least)


def _least_step(count_step: Reals, slope: Reals) -> float:
    """The step at which a count makes `MOST_GAIN` codes in some channel."""
    return float(np.abs(count_step * slope).max()) / MOST_GAIN


def _given_steps(graph: Graph, ranges: Mapping[str, float]) -> dict[str, float]:
    """The steps of the tensors that the layers of `ranges` read; through a max pool, of the tensor in front of it."""
    unknown = sorted(ranges.keys() - {layer.name for layer in graph.layers})
    if unknown:
        raise InputError(f"layer {unknown[0]}: has an input range, but is not in the network")
    given: dict[str, float] = {}
    for node in reversed(graph.nodes):
        if isinstance(node, Layer) and node.name in ranges:
            given[node.source] = max(given.get(node.source, 0.0), ranges[node.name] / MAX_PULSE)
        elif isinstance(node, Pool) and node.kind == "max" and node.name in given:
            given[node.source] = max(given.get(node.source, 0.0), given[node.name])
    return given


def _check(layer: Layer) -> None:
    """Raises `InputError` for a layer that no chain of tiles can do."""
    for name in ("weight", "slope", "bias"):
        wrong = int(np.count_nonzero(~np.isfinite(getattr(layer, name))))
        if wrong:
            raise InputError(f"layer {layer.name}: {wrong} values of its {name} are not finite; train it again")
    empty = np.flatnonzero(~layer.weight.any(axis=0))
    if empty.size:
        raise InputError(f"layer {layer.name}: channel {empty[0]} has no weight but 0; remove the channel")
    if layer.rows > TILE_ROWS and layer.residual is not None and layer.relu_1:
        raise InputError(
            f"layer {layer.name}: {layer.rows} rows need {len(slices(layer.rows, TILE_ROWS))} tiles, whose partial "
            "sums take the RX that the addition behind its ReLU needs; put the ReLU behind the addition"
        )


def _pool_gain(mean: Reals) -> int:
    """The largest power of two by which the means may be multiplied."""
    gain = 1
    while 2 * gain * np.abs(mean).max() <= MAX_PULSE and gain < MAX_PULSE:
        gain *= 2
    return gain


def _map_layer(
    layer: Layer, codes: Mapping[str, Codes], steps: Mapping[str, float], columns: int, given: float | None
) -> tuple[tuple[tuple[Part, ...], ...], Reals, float]:
    """The layer's chains, its real output on the calibration inputs, and that output's step."""
    x = patches(codes[layer.source], layer.kernel, layer.stride, layer.padding)
    vectors = x.reshape(-1, x.shape[-1])
    added = None
    if layer.residual is not None:
        added = codes[layer.residual].reshape(len(vectors), -1) * steps[layer.residual]
    across = slices(layer.channels, columns)
    chains, outs = [], []
    for number, channels in enumerate(across):
        suffix = f"/{number}" if len(across) > 1 else ""
        chain, out = _map_chain(layer, channels, suffix, vectors, added, steps)
        chains.append(chain)
        outs.append(out)
    out = np.concatenate(outs, axis=1)
    least = max(_least_step(chain[-1].count_step, chain[-1].slope) for chain in chains)
    step = best_step(out, least) if given is None else max(given, least)
    whole = tuple((*chain[:-1], replace(chain[-1], output_step=step)) for chain in chains)
    return whole, out.reshape(*x.shape[:3], -1), step


def _map_chain(
    layer: Layer, channels: slice, suffix: str, vectors: Codes, added: Reals | None, steps: Mapping[str, float]
) -> tuple[list[Part], Reals]:
    """The tiles of these channels, and their real output; the step of the last one is not known yet."""
    weight = layer.weight[:, channels]
    largest = np.abs(weight).max(axis=0)
    targets = np.floor(weight / largest * MAX_TARGET + 0.5).astype(np.int64)
    slope, bias = layer.slope[channels], layer.bias[channels]
    real = largest * (steps[layer.source] / MAX_TARGET)
    # A ReLU before the addition leaves no partial sums to be added: such a layer has one tile.
    total = np.zeros((len(vectors), len(slope))) if added is None or layer.relu_1 else added[:, channels]
    rx, rx_step = (layer.residual, steps[layer.residual]) if layer.residual is not None else (None, 0.0)
    parts: list[Part] = []
    rows_of = slices(layer.rows, TILE_ROWS)
    for index, rows in enumerate(rows_of):
        last = index == len(rows_of) - 1
        p, n = _currents(vectors[:, rows], targets[rows])
        lsb = max(-(-int(max(p.max(), n.max())) // FULL_SCALE), 1)
        total = total + (p - n) * (real * slope)
        part = Part(
            name=f"{layer.name}.{index}{suffix}",
            rows=rows,
            channels=channels,
            targets=targets[rows],
            lsb=lsb,
            count_step=real * lsb,
            slope=slope,
            bias=bias if last else np.zeros_like(bias),
            output_step=best_step(total, _least_step(real * lsb, slope)),
            relu_1=layer.relu_1 and layer.residual is not None,
            relu_2=last and (layer.relu_2 or (layer.relu_1 and layer.residual is None)),
            rx=rx,
            rx_step=rx_step,
        )
        parts.append(part)
        rx, rx_step = part.name, part.output_step
    total = total + bias
    if layer.relu_1:
        total = np.maximum(total, 0) + (0 if added is None else added[:, channels])
    return parts, np.maximum(total, 0) if layer.relu_2 else total


def _currents(x: Codes, targets: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Both branches of an ideal tile, exact: integers below 2**53 in float64."""
    positive, negative = pair(targets)
    forward, reverse = np.maximum(x, 0).astype(np.float64), np.maximum(-x.astype(np.int16), 0).astype(np.float64)
    return forward @ positive + reverse @ negative, forward @ negative + reverse @ positive
