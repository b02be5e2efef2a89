"""A lane's data path in Amaranth's own simulator, against the golden model: a tenth of the time of a whole unit."""

from collections import Counter
from typing import Any

import numpy as np
from amaranth.sim import Simulator

from nmpu_hw.datapath import DataPath
from nmpu_hw.half.datapath import HalfDataPath
from nmpu_hw.settings import layer_settings
from nmpu_model.program import Program
from nmpu_model.trace import trace
from nmpu_model.traffic import Traffic
from nmpu_model.unit import run
from nmpu_spec.config import CODE_BITS, Config
from nmpu_spec.half import HalfConfig
from nmpu_spec.registers import width_code

_STAGES = ("corrected", "norm", "total")
_SATURATIONS = ("affine_high", "affine_low", "output_high", "output_low")


def check_path(config: Config, work: list[tuple[Program, Traffic]]) -> None:
    """Raises `AssertionError` for the first number or saturation counter that is not the golden model's.

    Beside the codes these are the numbers before them: most random programs saturate or shift away what is in those.
    Every column of every vector passes the one data path, alone, with its own parameters.
    """
    path = HalfDataPath(config) if isinstance(config, HalfConfig) else DataPath(config)
    simulator = Simulator(path)
    simulator.add_clock(1e-6)

    # A process and not a testbench: the path settles once in a clock, not after every port that is set.
    async def bench(context: Any) -> None:
        with context.critical():
            for program, traffic in work:
                await _run(path, context, program, traffic)

    simulator.add_process(bench)
    simulator.run()


async def _run(path: Any, context: Any, program: Program, traffic: Traffic) -> None:
    config, layer = program.config, program.layer
    settings = {
        name: int(getattr(layer, name)) for name in ("relu_1", "relu_2", "rx_on", "rx_signed", "rx_scale", "shift")
    }
    settings |= {"out_width": width_code(layer.out_bits), "out_signed": int(layer.out_signed)}
    shown = layer_settings(config).members
    for register in config.pipeline.layers:
        context.set(getattr(path, f"layer_{register}"), {name: settings[name] for name in shown})
    inner = config.pipeline.registers[1:-1]
    for register in inner:
        context.set(getattr(path, f"load_{register}"), 1)
    outputs = [getattr(path, name) for name in ("code", *_STAGES, *_SATURATIONS)]
    wanted, stages = run(program, traffic.p, traffic.n, traffic.rx), trace(program, traffic)
    counted: Counter[str] = Counter()
    for (vector, column), code in np.ndenumerate(wanted.out):
        for branch in config.branches:
            context.set(getattr(path, f"code_{branch}"), int(getattr(traffic, branch)[vector, column]))
        for name, raws in program.parameters.items():
            context.set(getattr(path, name), int(raws[column]))
        if traffic.rx is not None:
            context.set(path.rx, int(traffic.rx[vector, column]))
        enabled = bool(program.mask[column])
        context.set(path.enable, enabled)
        # What is sampled in a clock is what stood there before its edge.
        for _ in range(len(inner) + 1):
            found = await context.tick().sample(*outputs)
        seen = dict(zip(("code", *_STAGES, *_SATURATIONS), found[2:], strict=True))
        counted.update(name for name in _SATURATIONS if seen[name] and enabled)
        numbers = {name: int(getattr(stages, name)[vector, column]) for name in _STAGES}
        numbers["code"] = int(code) & ((1 << max(CODE_BITS)) - 1)
        for name, number in numbers.items():
            assert seen[name] == number, f"vector {vector}, column {column}: {name} is {seen[name]}, must be {number}"
    saturated = {name: wanted.counters[name] for name in _SATURATIONS if wanted.counters[name]}
    assert dict(counted) == saturated, f"saturations {dict(counted)}, must be {saturated}"
