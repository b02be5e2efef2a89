"""What a lane's ports see while the vectors of a batch flow, for many lanes and units side by side."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nmpu_aimc.workload import Batch
from nmpu_hw.settings import layer_settings
from nmpu_spec.config import Config
from nmpu_spec.parameters import parameter_fields
from nmpu_spec.registers import width_code

Raws = NDArray[np.int64]


class Stimulus:
    """`vectors` vectors follow one another through each of `units` units; their lanes are the copies, unit by unit.

    latency   clocks from a group's entry to the one in which its codes stand on the lane's port
    filled    the first clock in which, and in the one before, every pipeline register takes a group
    clocks    until the last group enters;  results   column results from `filled` on
    """

    def __init__(self, config: Config, vectors: int, units: int) -> None:
        self.config = config
        self.vectors = vectors
        self.units = units
        self.copies = units * config.lanes
        self.latency = config.pipeline.latency
        self.filled = self.latency
        self.clocks = vectors * config.groups
        self.results = (self.clocks - self.filled) * self.copies

    def columns(self, batch: Batch) -> dict[str, Raws]:
        """p, n, rx, mask (`enable`) and answers (`out`) of the copies: each of shape (vectors * groups, copies)."""
        starts = np.linspace(0, len(batch.p) - self.vectors, self.units).astype(np.int64)
        rows = (starts[:, None] + np.arange(self.vectors)).ravel()
        arrays = {
            "p": batch.p[rows],
            "out": batch.out[rows],
            "enable": np.broadcast_to(batch.program.mask, batch.p[rows].shape),
        }
        if batch.n is not None:
            arrays["n"] = batch.n[rows]
        arrays["rx"] = np.zeros_like(arrays["out"]) if batch.rx is None else batch.rx[rows]
        return {name: self._by_group(array) for name, array in arrays.items()}

    def memory(self, batch: Batch) -> dict[str, int]:
        """The parameters, bank 0, as the states of the memories' flops."""
        config, states = self.config, {}
        for field in parameter_fields(config):
            raws = np.tile(batch.program.parameters[field.name].reshape(config.groups, config.lanes), (1, self.units))
            for group in range(config.groups):
                for bit, value in enumerate(to_bits(raws[group], field.format.width)):
                    states[f"memory_{field.stage}_{field.word}/words_{group}_{field.lsb + bit}"] = value
        return states

    def inputs(self, batch: Batch, columns: dict[str, Raws], clock: int) -> dict[str, list[int]]:
        """The lane's input ports in that clock; those that are not named are 0."""
        config, pipeline = self.config, self.config.pipeline
        entering = {register: clock - place for place, register in enumerate(pipeline.registers)}
        ones = (1 << self.copies) - 1

        def of(name: str, register: str, width: int) -> list[int]:
            group = entering[register]
            return to_bits(columns[name][group], width) if group >= 0 else [0] * width

        ports = {f"code_{branch}": of(branch, "fetch", config.adc.code.width) for branch in config.branches}
        ports |= {f"load_{register}": [ones * (group >= 0)] for register, group in entering.items()}
        for stage, register in pipeline.reads.items():
            address = max(entering[register], 0) % config.groups
            ports[f"{stage}_read"] = [ones * (entering[register] >= 0)]
            ports[f"{stage}_address"] = [ones * (address >> bit & 1) for bit in range(config.groups.bit_length())]
        settings = self._settings(batch)
        ports |= {f"layer_{register}": [ones * bit for bit in settings] for register in pipeline.layers}
        ports["rx"] = of("rx", pipeline.after("norm"), config.residual.code_bits)
        ports["enable"] = of("enable", "output", 1)
        return ports

    def _by_group(self, array: NDArray[Any]) -> Raws:
        """Shape (units * vectors, columns) to (vectors * groups, units * lanes)."""
        config = self.config
        parts = array.astype(np.int64).reshape(self.units, self.vectors * config.groups, config.lanes)
        return np.ascontiguousarray(parts.transpose(1, 0, 2)).reshape(self.clocks, self.copies)

    def _settings(self, batch: Batch) -> list[int]:
        layer = batch.program.layer
        values = {**vars(layer), "out_width": width_code(layer.out_bits)}
        bits: list[int] = []
        for name, field in layer_settings(self.config):
            bits += [int(values[name]) >> bit & 1 for bit in range(field.width)]
        return bits


def to_bits(raws: Raws, width: int) -> list[int]:
    """Bit i of the k-th integer is bit k of raws[i]."""
    packed = [np.packbits((raws >> bit & 1).astype(np.uint8), bitorder="little") for bit in range(width)]
    return [int.from_bytes(row.tobytes(), "little") for row in packed]


def from_bits(bits: list[int], copies: int) -> Raws:
    """The inverse of `to_bits`; raws are unsigned."""
    rows = [np.frombuffer(value.to_bytes((copies + 7) // 8, "little"), np.uint8) for value in bits]
    return sum(np.unpackbits(row, count=copies, bitorder="little").astype(np.int64) << k for k, row in enumerate(rows))  # type: ignore[return-value]
