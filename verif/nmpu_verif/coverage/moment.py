"""One clock of the unit, as the coverage of its control sees it: all of it from `CycleModel`, nothing from the RTL."""

from dataclasses import dataclass

from nmpu_spec.cycles import CycleModel, Group, Handshakes

PHASES = ("empty", "in a vector", "last group next", "between vectors", "draining")
"""Where the unit is in its work."""
BANKS_HELD = ("none", "one", "both")
ACTIVITIES = ("off", "busy", "wait_adc", "wait_rx", "stall_out")
"""What a clock is counted as; "off" where it is not counted."""


@dataclass(frozen=True)
class State:
    """What stands in the pipeline, and which group of the vector is next."""

    slots: tuple[Group | None, ...]
    index: int
    bank: int

    @property
    def occupancy(self) -> str:
        """The registers that hold a group, first register first: ``##..#``."""
        return "".join("#" if group else "." for group in self.slots)

    @property
    def banks(self) -> str:
        """How many banks the groups in the pipeline belong to; one of `BANKS_HELD`."""
        return BANKS_HELD[len({group.bank for group in self.slots if group})]

    def phase(self, groups: int) -> str:
        """One of `PHASES`, where a vector has so many `groups`."""
        if self.index:
            return "last group next" if self.index == groups - 1 else "in a vector"
        if not any(self.slots):
            return "empty"
        return "between vectors" if self.slots[0] else "draining"


@dataclass(frozen=True)
class Moment:
    """A state, the levels on the streams, and what comes of them; `joining` is the group that rx is added to."""

    state: State
    joining: Group | None
    adc_valid: bool
    rx_valid: bool
    out_ready: bool
    hands: Handshakes

    @property
    def activity(self) -> str:
        """One of `ACTIVITIES`."""
        return self.hands.counted or "off"

    @property
    def wants_rx(self) -> bool:
        return self.joining is not None and self.joining.rx_on


class Observed(CycleModel):
    """`CycleModel` with its state in view."""

    @property
    def state(self) -> State:
        return State(tuple(self._slots), self._index, self._bank)

    @state.setter
    def state(self, state: State) -> None:
        self._slots, self._index, self._bank = [*state.slots], state.index, state.bank

    @property
    def joining(self) -> Group | None:
        """The group that rx is added to."""
        return self._slots[self._norm]

    def held(self, register: str = "output") -> int:
        """Groups in the registers up to this one."""
        stop = self.config.pipeline.registers.index(register) + 1
        return sum(group is not None for group in self._slots[:stop])
