"""A network on tiles: how it is cut, what its codes stand for, and what is refused before any work starts."""

from dataclasses import replace

import numpy as np
import pytest
from small_network import inputs, layer, network

from nmpu_aimc.networks.graph import INPUT, Graph, Pool, run_float
from nmpu_aimc.plan import best_step, make_plan, pool_codes, slices, to_codes
from nmpu_aimc.tile import MAX_TARGET
from nmpu_spec.errors import InputError

CALIBRATION = inputs(32)


def test_slices_are_even_and_few() -> None:
    assert slices(256, 256) == [slice(0, 256)]
    assert slices(257, 256) == [slice(0, 128), slice(128, 257)]
    assert [part.stop - part.start for part in slices(700, 256)] == [233, 233, 234]


def test_a_plan_holds_every_weight_once() -> None:
    plan = make_plan(network(), CALIBRATION, columns=32)
    for node in plan.graph.layers:
        seen = np.zeros(node.weight.shape, int)
        for chain in plan.chains[node.name]:
            for part in chain:
                seen[part.rows, part.channels] += 1
                real = part.targets * (part.count_step / part.lsb)
                largest = np.abs(node.weight[:, part.channels]).max(axis=0)
                wanted = node.weight[part.rows, part.channels] * plan.steps[node.source]
                # Half a thousandth of the largest weight of the channel.
                assert (np.abs(real - wanted) <= 0.5001 / MAX_TARGET * largest * plan.steps[node.source]).all()
                assert part.targets.shape[0] <= 256 and part.targets.shape[1] <= 32
        assert (seen == 1).all()


def test_chains_pass_partial_sums_on_and_take_the_residual_first() -> None:
    plan = make_plan(network(), CALIBRATION, columns=32)
    assert len(plan.chains["split"]) == 2
    for number, chain in enumerate(plan.chains["split"]):
        assert [part.name for part in chain] == [f"split.0/{number}", f"split.1/{number}"]
        assert (chain[0].rx, chain[1].rx) == ("wide", chain[0].name)
        assert (chain[0].rx_step, chain[1].rx_step) == (plan.steps["wide"], chain[0].output_step)
        assert (chain[0].relu_2, chain[1].relu_2) == (False, True)
        assert not chain[0].bias.any() and chain[1].bias.any()
        assert chain[1].output_step == plan.steps["split"]
    for [before] in plan.chains["before"]:
        assert (before.relu_1, before.relu_2, before.rx) == (True, False, "split")


def test_the_largest_current_makes_a_full_count() -> None:
    """420 counts in the calibration images, rounded up."""
    x = to_codes(CALIBRATION, float(np.abs(CALIBRATION).max()) / 127).astype(int)
    graph = Graph((layer("one", INPUT, 4, 8),), (8, 8, 4))
    [[part]] = make_plan(graph, CALIBRATION, columns=32).chains["one"]
    products = x.reshape(-1, 4)[:, :, np.newaxis] * part.targets
    largest = max(np.maximum(products, 0).sum(axis=1).max(), np.maximum(-products, 0).sum(axis=1).max())
    assert part.lsb == -(-largest // 420)


def test_best_step_is_no_worse_than_any_other() -> None:
    x = np.append(np.linspace(-1, 1, 2001), 8.0)

    def error(step: float) -> float:
        return float(np.square(to_codes(x, step) * step - x).mean())

    best = best_step(x)
    assert best < 8 / 127
    assert all(error(best) <= error(8 / 127 * clip) for clip in np.linspace(0.3, 1, 36))


def test_the_range_is_that_behind_the_first_relu() -> None:
    """What is far below zero does not count: only the residual is left."""
    graph = network()
    below = replace(graph.nodes[2], bias=np.full(40, -1000.0))
    plan = make_plan(replace(graph, nodes=(*graph.nodes[:2], below, *graph.nodes[3:])), CALIBRATION, columns=32)
    assert plan.steps["before"] <= 1.5 * plan.steps["split"]


def test_no_code_is_finer_than_half_a_count() -> None:
    """A channel whose slope is far above the others' sets the step of its layer."""
    one = layer("one", INPUT, 4, 8)
    slope = np.full(8, 1.0)
    slope[3] = 1000.0
    steep = replace(one, slope=slope, weight=np.where(np.arange(8) == 3, one.weight / 1000, one.weight))
    few = replace(steep, weight=np.where((np.arange(4)[:, np.newaxis] > 0) & (np.arange(8) == 3), 0, steep.weight))
    for each in (one, steep, few):
        [[part]] = make_plan(Graph((each,), (8, 8, 4)), CALIBRATION, columns=32).chains["one"]
        assert (np.abs(part.count_step * part.slope) / part.output_step).max() < 1.99 + 1e-9


def test_trained_input_ranges_are_taken() -> None:
    """Of the input, and through a max pool; `strided` reads what `before` makes, behind the pool."""
    plan = make_plan(network(), CALIBRATION, columns=32, ranges={"wide": 0.5, "strided": 3.0})
    assert plan.steps[INPUT] == 0.5 / 127
    assert plan.steps["before"] == plan.steps["pool"] == 3.0 / 127
    assert {part.output_step for [part] in plan.chains["before"]} == {3.0 / 127}
    with pytest.raises(InputError, match="layer other: has an input range, but is not in the network"):
        make_plan(network(), CALIBRATION, columns=32, ranges={"other": 1.0})


@pytest.mark.parametrize("kind", ["max", "mean"])
def test_pools_of_codes(kind: str) -> None:
    pool = Pool("pool", INPUT, kind, 2, 2)
    codes = np.arange(-32, 32, dtype=np.int8).reshape(1, 8, 8, 1)
    out = pool_codes(codes, pool, gain=2 if kind == "mean" else 1)
    window = codes[0, 2:4, 4:6, 0].astype(int)
    assert out[0, 1, 2, 0] == (window.max() if kind == "max" else int(np.floor(2 * window.mean() + 0.5)))
    whole = replace(pool, source="one", kernel=8)
    plan = make_plan(Graph((layer("one", INPUT, 4, 8), whole), (8, 8, 4)), CALIBRATION, 32)
    assert plan.steps["pool"] * plan.gains["pool"] == plan.steps["one"]
    # The mean of 64 codes is small: a power of two keeps its bits.
    assert plan.gains["pool"] in ((1,) if kind == "max" else (2, 4, 8))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"weight": np.full((36, 40), np.nan)}, r"layer wide: 1440 values of its weight are not finite"),
        ({"bias": np.full(40, np.inf)}, r"layer wide: 40 values of its bias"),
        ({"weight": np.zeros((36, 40))}, r"layer wide: channel 0 has no weight but 0"),
    ],
)
def test_what_no_tile_can_hold_is_refused(changes: dict[str, np.ndarray], message: str) -> None:
    graph = network()
    broken = replace(graph, nodes=(replace(graph.nodes[0], **changes), *graph.nodes[1:]))
    with pytest.raises(InputError, match=message):
        make_plan(broken, CALIBRATION, columns=32)


def test_a_split_layer_with_a_relu_before_the_addition_is_refused() -> None:
    graph = network()
    split = replace(graph.nodes[1], relu_1=True)
    with pytest.raises(InputError, match=r"layer split: 360 rows need 2 tiles.*put the ReLU behind the addition"):
        make_plan(replace(graph, nodes=(graph.nodes[0], split, *graph.nodes[2:])), CALIBRATION, columns=32)


def test_the_float_network_keeps_what_is_asked_for() -> None:
    tensors = run_float(network(), inputs(3))
    assert tensors["linear"].shape == (3, 1, 1, 10)
    assert (tensors["pool"] == tensors["before"].reshape(3, 4, 2, 4, 2, 40).max(axis=(2, 4))).all()
