"""What the pins of a unit do, clock by clock, in the situations that an integrator asks about.

The streams' handshakes are those of `nmpu_spec.cycles.CycleModel`, the register accesses those of the register map; no
level is written down here.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from nmpu_spec.config import Config
from nmpu_spec.cycles import CycleModel
from nmpu_spec.registers import Register, register_map

Value = bool | int | str | None
"""A level, a number on a bus, what a payload holds (``A1``: group 1 of vector A), or None: anything."""
Clock = Mapping[str, Value]


@dataclass(frozen=True)
class Trace:
    """Values of `inputs`, `outputs` and `inside` (no ports: what they mean) in each clock; None: clocks left out.

    before   what was written after the reset, before the first of `clocks`; None where they begin with the reset
    """

    name: str
    title: str
    inputs: Sequence[str]
    outputs: Sequence[str]
    inside: Sequence[str]
    clocks: Sequence[Clock | None]
    before: "Sequence[Access] | None" = ()


@dataclass(frozen=True)
class Access:
    """An APB access: two clocks, because PREADY is always 1. Without `data` it reads."""

    register: Register
    data: int | None = None

    @property
    def refused(self) -> bool:
        """As far as the map says; whether a bank is in use, it does not."""
        return not any(field.readable if self.data is None else field.writable for field in self.register.fields)

    def pins(self, penable: bool) -> Clock:
        write = self.data is not None
        answer = None if write or not penable else 0 if self.refused else self.register.pack()
        return {
            "apb_psel": True,
            "apb_penable": penable,
            "apb_pwrite": write,
            "apb_paddr": self.register.address,
            "apb_pwdata": self.data,
            "apb_pstrb": 0xF if write else 0,
            "apb_pready": True,
            "apb_prdata": answer,
            "apb_pslverr": penable and self.refused,
        }


_APB_IDLE: Clock = {
    "apb_psel": False,
    "apb_penable": False,
    **dict.fromkeys(("apb_pwrite", "apb_paddr", "apb_pwdata", "apb_pstrb", "apb_prdata")),
    "apb_pready": True,
    "apb_pslverr": False,
}
_APB_IN = ("apb_psel", "apb_penable", "apb_pwrite", "apb_paddr", "apb_pwdata", "apb_pstrb")
_APB_OUT = ("apb_pready", "apb_prdata", "apb_pslverr")


def register_clocks(accesses: Sequence[Access | None]) -> list[Clock]:
    """`accesses` one after the other; None is a clock of pause."""
    clocks: list[Clock] = []
    for access in accesses:
        clocks += [access.pins(False), access.pins(True)] if access else [_APB_IDLE]
    return clocks


def _streams(
    config: Config,
    vectors: int,
    *,
    rx_on: bool = False,
    enable: Callable[[int], bool] = lambda _: True,
    bank: Callable[[int], int] = lambda _: 0,
    adc_pauses: Collection[int] = (),
    rx_pauses: Collection[int] = (),
    out_pauses: Collection[int] = (),
) -> list[Clock]:
    """From the clock before the first vector is offered to the one after the last code.

    `enable` and `bank` are CTRL's fields, in each clock; the pauses are clocks in which there is no valid, or no ready.
    """
    model, groups = CycleModel(config), config.groups
    taken = joined = entered = delivered = 0
    clocks: list[Clock] = []
    while delivered < vectors * groups or clocks[-1]["out_valid"]:
        now = len(clocks)
        adc_valid = now > 0 and taken < vectors and now not in adc_pauses
        rx_valid = rx_on and now > 0 and joined < vectors * groups and now not in rx_pauses
        out_ready = now not in out_pauses
        enabled, chosen = enable(now), bank(now)
        busy = bool(model.banks_in_use(adc_valid, enabled, chosen))
        active = model.active_bank(chosen)
        hands = model.step(
            adc_valid=adc_valid,
            rx_valid=rx_valid,
            out_ready=out_ready,
            enable=enabled,
            bank=chosen,
            rx_on=(rx_on, rx_on),
        )
        clocks.append(
            {
                "adc_valid": adc_valid,
                "adc_payload": _label(taken, None) if adc_valid else None,
                "adc_ready": hands.adc_ready,
                "group entering": _beat(entered, groups) if hands.issued else None,
                "rx_valid": rx_valid,
                "rx_payload": _beat(joined, groups) if rx_valid else None,
                "rx_ready": hands.rx_ready,
                "out_ready": out_ready,
                "out_valid": hands.out_valid,
                "out_payload": _beat(delivered, groups) if hands.out_valid else None,
                "active_bank": bool(active),
                "busy": busy,
            }
        )
        taken += adc_valid and hands.adc_ready
        entered += hands.issued
        joined += rx_valid and hands.rx_ready
        delivered += hands.out_valid and out_ready
    return clocks


def _label(vector: int, group: int | None) -> str:
    return chr(ord("A") + vector) + ("" if group is None else str(group))


def _beat(number: int, groups: int) -> str:
    return _label(*divmod(number, groups))


_ADC_IN, _RX_IN, _OUT_IN = ("adc_valid", "adc_payload"), ("rx_valid", "rx_payload"), ("out_ready",)
_OUT_OUT = ("out_valid", "out_payload")


def traces(config: Config) -> list[Trace]:
    """One trace for each interface, one for the swap of banks, one from reset to the first code."""
    registers, groups, latency = register_map(config), config.groups, config.pipeline.latency
    inside = ("group entering",)
    norm = config.pipeline.registers.index("norm") + 1

    def write(name: str, **fields: int) -> Access:
        return Access(registers[name], registers[name].pack(**fields))

    enabled = write("ctrl", enable=1)
    found = [
        Trace(
            "adc",
            "adc: vectors A, B without a pause, C a clock later",
            (*_ADC_IN, *_OUT_IN),
            ("adc_ready", *_OUT_OUT),
            inside,
            _streams(config, 3, adc_pauses=[1 + 2 * groups]),
            [enabled],
        ),
        Trace(
            "rx",
            f"rx: the beat of {_beat(1, groups)} comes a clock late",
            (*_ADC_IN, *_RX_IN, *_OUT_IN),
            ("adc_ready", "rx_ready", *_OUT_OUT),
            inside,
            _streams(config, 2, rx_on=True, rx_pauses=[norm + 2]),
            [write("bank[0].layer", rx_on=1), enabled],
        ),
        Trace(
            "out",
            f"out: the sink takes {_beat(1, groups)} two clocks late",
            (*_ADC_IN, *_OUT_IN),
            ("adc_ready", *_OUT_OUT),
            inside,
            _streams(config, 2, out_pauses=[latency + 2, latency + 3]),
            [enabled],
        ),
        Trace(
            "apb_write",
            "APB: writes bank[0].layer, then id, which is read-only",
            _APB_IN,
            _APB_OUT,
            (),
            register_clocks([None, write("bank[0].layer", relu_1=1), write("id"), None]),
        ),
        Trace(
            "apb_read",
            "APB: reads id, then test.push, which is write-only",
            _APB_IN,
            _APB_OUT,
            (),
            register_clocks([None, Access(registers["id"]), Access(registers["test.push"]), None]),
        ),
    ]
    swap = register_clocks([None, None, write("ctrl", enable=1, bank=1)])
    # One vector to come when the bank changes, and one more.
    streams = _streams(config, len(swap) // groups + 2, bank=lambda now: int(now >= len(swap)))
    found.append(
        Trace(
            "bank_swap",
            "CTRL.bank = 1 while vectors flow",
            (*_APB_IN[:-1], *_ADC_IN, *_OUT_IN),
            ("adc_ready", "active_bank", *_OUT_OUT),
            inside,
            _beside(streams, swap),
            [enabled],
        )
    )
    start = register_clocks([write("ctrl", enable=1, clear=1)])
    streams = _streams(config, 1, enable=lambda now: now >= len(start))
    reset, level = config.implementation.reset_port, bool(config.implementation.in_reset)
    quiet = {**dict.fromkeys(streams[0]), **_APB_IDLE, "adc_valid": False, "out_ready": True}
    still = {**quiet, "adc_ready": False, "out_valid": False, "busy": False, "active_bank": False}
    found.append(
        Trace(
            "reset",
            "from reset to the first code; left out: the writes of a bank",
            (reset, *_APB_IN[:-1], *_ADC_IN, *_OUT_IN),
            ("adc_ready", "busy", *_OUT_OUT),
            inside,
            [
                # Before the first edge nothing is known.
                {**quiet, reset: level},
                {**still, reset: level},
                {**still, reset: not level},
                None,
                *({**clock, reset: not level} for clock in _beside(streams, start)),
            ],
            before=None,
        )
    )
    return found


def _beside(streams: Sequence[Clock], registers: Sequence[Clock]) -> list[Clock]:
    """Both in the same clocks; the register port is idle when its accesses are done."""
    accesses = [*registers, *[_APB_IDLE] * (len(streams) - len(registers))]
    return [{**stream, **access} for stream, access in zip(streams, accesses, strict=True)]
