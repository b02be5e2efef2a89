"""What the stage benches share: operands through the copies of a stage, outputs against the golden model."""

from collections.abc import Mapping

import numpy as np
from amaranth.hdl import Shape
from amaranth.lib.wiring import Component, In
from cocotb.handle import HierarchyObject
from cocotb.triggers import Timer
from numpy.typing import NDArray

from nmpu_model.packing import pack, unpack
from nmpu_spec.config import Config
from nmpu_spec.formats import Format
from nmpu_verif.environment import seed
from nmpu_verif.harness import COPIES
from nmpu_verif.operands import Operands, directed, every
from nmpu_verif.stages import stages

EXHAUSTIVE = 1 << 19
"""Up to so many cases, every one is tried."""
DIRECTED = 1 << 15
"""Otherwise so many edge and random ones are."""


def bit(width: int = 1) -> Format:
    """An unsigned operand without a fraction: a flag or a field."""
    return Format(False, width, 0)


def operands(stage: str, nodes: Mapping[str, Format]) -> Operands:
    """All operands of a stage if they are few, otherwise edges and random ones."""
    bits = sum(node.width for node in nodes.values())
    if 1 << bits <= EXHAUSTIVE:
        return every(nodes)
    return directed(nodes, seed(), stage, DIRECTED)


async def compare(
    dut: HierarchyObject, config: Config, stage: str, inputs: Operands, expected: Mapping[str, NDArray[np.integer]]
) -> None:
    """`compare_copies` for a stage of the unit."""
    await compare_copies(dut, stage, stages(config)[stage](), inputs, expected)


async def compare_copies(
    dut: HierarchyObject,
    stage: str,
    component: Component,
    inputs: Mapping[str, NDArray[np.integer]],
    expected: Mapping[str, NDArray[np.integer]],
) -> None:
    """Drive `inputs`, one case per copy, and demand the `expected` outputs; all arrays have the shape (cases,).

    `component` is one like the copies, for its ports.
    """
    ports = {name: (member.flow, Shape.cast(member.shape)) for name, member in component.signature.members.items()}
    cases = len(next(iter(inputs.values())))
    steps = -(-cases // COPIES)
    words = {}
    for port, (flow, shape) in ports.items():
        if flow is In:
            # The last step is filled up with the first cases.
            words[port] = pack(np.resize(inputs[port], (steps, COPIES)), shape.width)
    seen: dict[str, list[int]] = {port: [] for port in expected}
    for step in range(steps):
        for port, driven in words.items():
            getattr(dut, f"{stage}_{port}").value = driven[step]
        await Timer(1, "ns")
        for port, codes in seen.items():
            codes.append(int(getattr(dut, f"{stage}_{port}").value))
    for port, wanted in expected.items():
        shape = ports[port][1]
        got = unpack(seen[port], shape.width, COPIES, shape.signed).ravel()[:cases]
        wrong = np.flatnonzero(got != wanted)
        if wrong.size:
            case = {name: int(raws[wrong[0]]) for name, raws in inputs.items()}
            raise AssertionError(
                f"{stage}.{port}: {wrong.size} of {cases} cases differ; first: {case} gives {got[wrong[0]]}, "
                f"the model says {wanted[wrong[0]]}"
            )
    dut._log.info("%s: %d cases, %s", stage, cases, ", ".join(expected))
