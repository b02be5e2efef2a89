"""The stages' numbers lead to the codes of `nmpu_model.unit.run`; the RTL is compared with them in bench_nmpu."""

import numpy as np
import pytest

from nmpu_model.trace import trace
from nmpu_model.traffic import random_program, random_traffic
from nmpu_model.unit import run
from nmpu_spec.load import load


@pytest.mark.parametrize("name", ["tiny", "hermes256", "user96", "single12", "deep8", "half12", "half_single6"])
@pytest.mark.parametrize("rx_on", [False, True])
def test_trace_ends_with_the_codes(name: str, rx_on: bool, configurations: dict[str, str]) -> None:
    config = load(configurations[name])
    for number in range(8):
        program = random_program(config, number, "trace", rx_on)
        traffic = random_traffic(program, 16, number, "trace")
        before = traffic.p.copy()
        seen = trace(program, traffic)
        assert np.array_equal(seen.code, run(program, traffic.p, traffic.n, traffic.rx).out)
        assert np.array_equal(traffic.p, before), "the inputs are left alone"
        for node in ("corrected", "norm", "total"):
            numbers, bounds = getattr(seen, node), config.nodes[node]
            assert numbers.min() >= bounds.min_raw, node
            assert numbers.max() <= bounds.max_raw, node
        if program.layer.relu_2:
            assert seen.total.min() >= 0
