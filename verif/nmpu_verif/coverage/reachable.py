"""Everything that the unit's surroundings can make its control do, by a breadth-first search of the cycle model."""

from collections.abc import Iterator
from itertools import product

from nmpu_spec.config import Config
from nmpu_spec.registers import BANKS
from nmpu_verif.coverage.moment import Moment, Observed, State

LEVELS = (False, True)


def explore(config: Config) -> Iterator[tuple[Moment, State]]:
    """Every clock that can be, once: its moment, and the state after it.

    The surroundings keep the rules: an offered vector stays until its last group is taken, and no setting of a bank
    changes while a vector uses it. Whatever is offered and not taken might as well have been offered later, so levels
    need not be remembered from clock to clock.
    """
    model = Observed(config)
    seen, border = {model.state}, [model.state]
    while border:
        state = border.pop()
        for adc_valid, rx_valid, out_ready, enable, bank in product(LEVELS, LEVELS, LEVELS, LEVELS, range(BANKS)):
            if state.index and not (adc_valid and enable and bank == state.bank):
                continue  # a vector goes on, whatever CTRL says
            for rx_on in _rx_on(state, bank):
                model.state = state
                joining = model.joining
                hands = model.step(
                    adc_valid=adc_valid,
                    rx_valid=rx_valid,
                    out_ready=out_ready,
                    enable=enable,
                    bank=bank,
                    rx_on=(rx_on,) * BANKS,
                )
                after = model.state
                yield Moment(state, joining, adc_valid, rx_valid, out_ready, hands), after
                if after not in seen:
                    seen.add(after)
                    border.append(after)


def _rx_on(state: State, bank: int) -> tuple[bool, ...]:
    """What RX can be for the group that enters next: where the bank is in use it is settled."""
    for group in state.slots:
        if group is not None and group.bank == bank:
            return (group.rx_on,)
    return LEVELS
