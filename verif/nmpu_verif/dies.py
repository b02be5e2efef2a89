"""The faulty dies: what is done to the RTL of each, and what its diagnosis must say first."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from amaranth.lib.wiring import Component

from nmpu_hw.nmpu import Nmpu
from nmpu_spec.config import CODE_BITS, Config
from nmpu_spec.overflow import Overflow
from nmpu_spec.rounding import Rounding
from nmpu_verif import faults
from nmpu_verif.faults import Overrule, Overruled, Rebuilt

_BITS = max(CODE_BITS)


@dataclass(frozen=True)
class Die:
    """A unit, and what a diagnosis of it must say first: the cause's name, and words that its description has."""

    cause: str
    told: tuple[str, ...]
    make: Callable[[Config], Nmpu]


def _overruled(cause: str, *told: str, by: Overrule) -> Die:
    return Die(cause, told, partial(Overruled, by))


def _rebuilt(cause: str, *told: str, part: str, by: Callable[..., Component], lane: int | None = None) -> Die:
    return Die(cause, told, partial(Rebuilt, part, by, lane))


def _set(cause: str, *told: str, name: str, value: int, bit: int | None = None) -> Die:
    return _overruled(cause, *told, by=partial(faults.setting, name, value, bit))


def _compressing(cause: str, *told: str, section: str, mode: Rounding | Overflow) -> Die:
    return Die(cause, told, partial(faults.compressing, section, mode))


def _stream(cause: str, *told: str, by: Callable[..., None], stream: str, number: int) -> Die:
    return _overruled(cause, *told, by=partial(by, stream, number))


def dies(config: Config) -> dict[str, Die]:
    """Every faulty die by name, for a configuration with 4 lanes or more and 3 groups, in the formats of hermes256.

    The names say what was done to the RTL; the causes are those of docs/diagnosis.md.
    """
    last = config.lanes - 1
    return {
        "output bit 3 of lane 2 at 1": _overruled(
            "stuck output bit", "bit 3 is stuck at 1", "lane 2", by=partial(faults.stuck_output_bit, 3, 1, 2, None)
        ),
        "output bit 6 at 0": _overruled(
            "stuck output bit",
            "bit 6 is stuck at 0",
            "every column",
            by=partial(faults.stuck_output_bit, 6, 0, None, None),
        ),
        "output bit 0 of lane 1, group 1 at 1": _overruled(
            "stuck output bit",
            "bit 0 is stuck at 1",
            f"column {config.lanes + 1} ",
            by=partial(faults.stuck_output_bit, 0, 1, 1, 1),
        ),
        "output bits 1 and 2 swapped": _overruled(
            "swapped output bits", "1 and 2 are swapped", by=partial(faults.rewired_output, [0, 2, 1, 3, 4, 5, 6, 7])
        ),
        "output bits reversed": _overruled(
            "swapped output bits", "reverse order", by=partial(faults.rewired_output, [*range(_BITS)][::-1])
        ),
        "lane 1 at 0": _overruled("dead lane", "0x00", "lane 1", by=partial(faults.dead_lane, 1, 0)),
        "lane 3 at 0x5a": _overruled("dead lane", "0x5a", "lane 3", by=partial(faults.dead_lane, 3, 0x5A)),
        "lane 0 holds the previous code": _overruled(
            "late lane", "one beat late", "lane 0", by=partial(faults.late_lane, 0)
        ),
        "output lanes rotated by one": _overruled(
            "column order",
            "output codes: each lane gets the previous one's",
            by=partial(faults.ordered_outputs, lambda lane: (lane - 1) % config.lanes),
        ),
        "output lanes reversed": _overruled(
            "column order",
            "output codes: the lanes are in reverse order",
            by=partial(faults.ordered_outputs, lambda lane: last - lane),
        ),
        "output lanes 1 and 2 exchanged": _overruled(
            "column order",
            "output codes: lanes 1 and 2 are exchanged",
            by=partial(faults.ordered_outputs, lambda lane: {1: 2, 2: 1}.get(lane, lane)),
        ),
        "ADC codes one column off": _overruled(
            "column order", "ADC codes: each column gets the previous one's", by=partial(faults.ordered_adc, -1)
        ),
        "ADC codes one group off": _overruled(
            "group order", "ADC codes: each group gets the next one's", by=partial(faults.ordered_adc, config.lanes)
        ),
        "parameters written one column off": _overruled(
            "column order", "parameters: each column gets the previous one's", by=faults.shifted_parameters
        ),
        "P and N codes swapped": _overruled(
            "P and N swapped", "codes of P and N are swapped", by=faults.swapped_branches
        ),
        "affine rounds with floor": _compressing(
            "rounding mode", "rounding of affine is floor", section="affine", mode=Rounding.FLOOR
        ),
        "affine rounds half to even": _compressing(
            "rounding mode", "rounding of affine is half_even", section="affine", mode=Rounding.HALF_EVEN
        ),
        "output rounds with floor": _compressing(
            "rounding mode", "rounding of output is floor", section="output", mode=Rounding.FLOOR
        ),
        "output rounds half away from zero": _compressing(
            "rounding mode", "rounding of output is half_away", section="output", mode=Rounding.HALF_AWAY
        ),
        "affine wraps": _compressing("saturation", "overflow of affine wraps", section="affine", mode=Overflow.WRAP),
        "output wraps": _compressing("saturation", "overflow of output wraps", section="output", mode=Overflow.WRAP),
        "ReLU 1 on": _set("ReLU", "ReLU 1 is on", name="relu_1", value=1),
        "ReLU 2 off": _set("ReLU", "ReLU 2 is off", name="relu_2", value=0),
        "ReLU bits exchanged": _overruled("ReLU", "obey each other's bit", by=faults.exchanged_relus),
        "RX off": _overruled("RX enable", "RX is off", by=faults.no_rx),
        "shift bit 1 at 0": _set("shift", "bit 1 stuck at 0", name="shift", value=0, bit=1),
        "shift 3": _set("shift", "shift is 3", name="shift", value=3),
        "output width 8": _set("output width", "have 8 bits", name="out_width", value=2),
        "output signed": _set("sign", "output codes are signed", name="out_signed", value=1),
        "rx unsigned": _set("sign", "rx codes are read as unsigned", name="rx_signed", value=0),
        "bias read as unsigned": _rebuilt("sign", "bias read as unsigned", part="Norm", by=faults.UnsignedBias),
        "mask ignored": _overruled("mask", "column is enabled", by=faults.no_mask),
        "scale_p bit 3 of column 5 at 1": _overruled(
            "wrong parameter",
            "scale_p has bit 3 stuck at 1",
            "column 5 ",
            by=partial(faults.written_otherwise, "scale_p", 5, 1, 3),
        ),
        "gain of column 5 is 700": _overruled(
            "wrong parameter",
            "gain has another value",
            "column 5 ",
            "raw 700 fits",
            by=partial(faults.written_otherwise, "gain", 5, 700, None),
        ),
        "offset_n of column 9 is 77": _overruled(
            "wrong parameter",
            "offset_n has another value",
            "column 9 ",
            "raw 77 fits",
            by=partial(faults.written_otherwise, "offset_n", 9, 77, None),
        ),
        "bias bit 12 of lane 3 at 1": _rebuilt(
            "wrong parameter", "bias has bit 12 stuck at 1", "lane 3", part="Norm", by=faults.StuckBias, lane=3
        ),
        "word 0 of column 7 loaded once": _overruled(
            "stale", "affine parameters", "corner_0", "column 7 ", by=partial(faults.written_once, 0, 7)
        ),
        "norm parameters loaded once": _overruled(
            "stale", "norm parameters", "corner_0", "every column", by=partial(faults.written_once, 1, None)
        ),
        "corrected bit 3 of lane 2 at 0": _rebuilt(
            "register bit",
            "register corrected has bit 3 stuck at 0",
            "lane 2",
            part="Compress",
            by=faults.StuckCompress,
            lane=2,
        ),
        "out beat 5 lost": _stream(
            "dropped beat", "a beat of out", "beat 5 ", by=faults.lost_beat, stream="out", number=5
        ),
        "out beat 7 twice": _stream(
            "repeated beat", "a beat of out", "beat 7 ", by=faults.doubled_beat, stream="out", number=7
        ),
        "adc vector 3 lost": _stream(
            "dropped beat", "a vector of adc", "vector 3 ", by=faults.lost_beat, stream="adc", number=3
        ),
        "adc vector 4 twice": _stream(
            "repeated beat", "a vector of adc", "vector 4 ", by=faults.doubled_beat, stream="adc", number=4
        ),
        "rx beat 10 lost": _stream(
            "dropped beat", "a beat of rx", "beat 10 ", by=faults.lost_beat, stream="rx", number=10
        ),
        "rx beat 8 twice": _stream(
            "repeated beat", "a beat of rx", "beat 8 ", by=faults.doubled_beat, stream="rx", number=8
        ),
    }
