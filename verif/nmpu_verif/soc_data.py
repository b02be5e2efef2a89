"""What the SoC example runs on: codes for its ADCs, two layers for its host program, and the codes that they make."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np

from nmpu_model import unit
from nmpu_model.payloads import adc_beats
from nmpu_model.program import Program
from nmpu_model.script import load_program
from nmpu_model.traffic import Traffic, random_program, random_traffic
from nmpu_spec.config import Config

VECTORS = 64
"""SOC_VECTORS of ``soc.h``: what the ADCs have codes for, and the buffer has room for."""


@dataclass(frozen=True)
class SocRun:
    """`VECTORS` vectors in a row. `mvm_clocks`: of an MVM; `pause`: clocks that the buffer rests after each beat.

    With `swap` layer 1 is loaded while vectors flow through layer 0, and then takes over.
    """

    name: str
    mvm_clocks: int
    pause: int = 0
    swap: bool = False


@dataclass(frozen=True)
class SocData:
    """Two layers without rx, and vectors of which each makes different codes in them."""

    layers: tuple[Program, Program]
    traffic: Traffic
    runs: tuple[SocRun, ...]

    def result(self, layer: int, vectors: slice) -> unit.Result:
        """What the golden model answers to some of the vectors."""
        p, n = (None if codes is None else codes[vectors] for codes in (self.traffic.p, self.traffic.n))
        assert p is not None
        return unit.run(self.layers[layer], p, n)


def soc_data(config: Config, seed: int, mvm_clocks: int, pause: int) -> SocData:
    """Random layers and codes, and four runs: one for each part that can be the slowest, and one that swaps banks."""
    first = random_program(config, seed, "soc/0", rx_on=False)
    traffic = random_traffic(first, VECTORS, seed, "soc")
    codes = unit.run(first, traffic.p, traffic.n).out
    # The host finds the swap by the codes: no vector may make the same ones in both layers.
    second = next(
        program
        for number in count(1)
        if (program := random_program(config, seed, f"soc/{number}", rx_on=False))
        and (unit.run(program, traffic.p, traffic.n).out != codes).any(axis=1).all()
    )
    bus = 2 * len(load_program(first, 0))
    return SocData(
        (first, second),
        traffic,
        (
            SocRun("unit", 1),
            SocRun("adc", mvm_clocks),
            SocRun("sink", 1, pause=pause),
            # Slow enough for about half of the vectors to flow while the other bank is loaded.
            SocRun("swap", max(config.groups, 2 * bus // VECTORS + 1), swap=True),
        ),
    )


def adc_hex(data: SocData) -> str:
    """``adc.hex``: the payload of each vector."""
    config = data.layers[0].config
    digits = -(-config.columns * len(config.branches) * config.adc.code.width // 4)
    return "".join(f"{beat:0{digits}x}\n" for beat in adc_beats(config, data.traffic))


def host_source(data: SocData) -> str:
    """``host_data.c``: what ``host.h`` declares."""
    scripts = [load_program(program, 0) for program in data.layers]
    start = scripts[0][0].address
    lines = ["/* Layers, runs and expected codes of the SoC example; generated. */", '#include "host.h"']
    lines += [f"const uint32_t host_writes = {len(scripts[0])};", f"const uint32_t host_runs = {len(data.runs)};"]
    for layer, script in enumerate(scripts):
        writes = [f"{{0x{write.address - start:x}, 0x{write.data:x}}}" for write in script]
        lines += _array(f"static const host_write_t layer_{layer}[]", writes)
        codes = data.result(layer, slice(None)).out & 0xFF
        lines += _array(f"static const uint8_t expected_{layer}[]", map(str, np.ravel(codes).tolist()))
    lines += ["const host_write_t *const host_layer[2] = {layer_0, layer_1};"]
    lines += ["const uint8_t *const host_expected[2] = {expected_0, expected_1};"]
    runs = [f'{{"{run.name}", {run.mvm_clocks}, {run.pause}, {run.swap:d}}}' for run in data.runs]
    return "\n".join([*lines, *_array("const host_run_t host_run[]", runs), ""])


def _array(declaration: str, entries: Iterable[str]) -> Iterator[str]:
    values: Sequence[str] = list(entries)
    rows = (", ".join(values[at : at + 8]) for at in range(0, len(values), 8))
    yield from (f"{declaration} = {{", *(f"    {row}," for row in rows), "};")
