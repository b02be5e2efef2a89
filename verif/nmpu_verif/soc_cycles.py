"""How many clocks a run on the SoC takes, from the unit's cycle model between models of its neighbours."""

from dataclasses import dataclass

from nmpu_spec.config import Config
from nmpu_spec.cycles import CycleModel


@dataclass(frozen=True)
class SocTiming:
    """elapsed: clocks from the first vector's being taken to the last one's; stall_out: the unit's counter."""

    elapsed: int
    stall_out: int


def soc_timing(config: Config, vectors: int, mvm_clocks: int, pause: int) -> SocTiming:
    """`vectors` vectors without rx, from an idle unit: ``adc_array.v`` before it, ``output_buffer.v`` behind it."""
    unit = CycleModel(config)
    converting, held, timer = vectors, False, mvm_clocks - 1
    resting = clock = stalled = 0
    taken_at: list[int] = []
    left = vectors * config.groups
    while left:
        ready = resting == 0
        hands = unit.step(adc_valid=held, rx_valid=False, out_ready=ready)
        taken = held and hands.adc_ready
        if taken:
            taken_at.append(clock)
        delivered = hands.out_valid and ready
        stalled += hands.out_valid and not ready
        left -= delivered
        resting = pause if delivered else max(resting - 1, 0)
        if converting and timer == 0 and (taken or not held):
            converting, held, timer = converting - 1, True, mvm_clocks - 1
        else:
            held, timer = held and not taken, max(timer - 1, 0)
        clock += 1
    return SocTiming(taken_at[-1] - taken_at[0], stalled)
