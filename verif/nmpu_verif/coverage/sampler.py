"""Looks at a running unit, clock by clock, for the cover groups of its control."""

from nmpu_model.program import Layer
from nmpu_spec.config import Config
from nmpu_verif.coverage.bins import Hits
from nmpu_verif.coverage.bus import Access, access_bin, unit_of
from nmpu_verif.coverage.control import every_clock, on_clear, on_disable, on_reset, on_swap
from nmpu_verif.coverage.layers import change_bins, misaligned_bins, place, setting_bins
from nmpu_verif.coverage.moment import Moment, Observed


class Sampler:
    """The bench's `Unit` tells it what happens, from the cycle model and the programs; nothing comes from the RTL."""

    def __init__(self, config: Config, record: Hits) -> None:
        self._config = config
        self._record = record
        self._layer: Layer | None = None
        self._moment: Moment | None = None
        self._test = False
        self._offered: int | None = None

    def clock(self, moment: Moment, test: bool, layer: Layer | None, rx: int | None, offered: int | None) -> None:
        """One clock, in test mode or not.

        layer    of the group that enters; None where none does
        rx       the beat on the stream; None where there is none
        offered  the bank of a vector that waits to enter; None where none does
        """
        self._moment, self._test, self._offered = moment, test, offered
        if test:
            if layer is not None:
                self._record.hit("push", place(self._config, moment.state.index))
            return
        for found in every_clock(moment):
            self._record.hit(*found)
        if layer is not None:
            self._enters(layer)
        if moment.joining is not None and moment.hands.rx_ready and rx is not None:
            marks = rx >> self._config.residual.code_bits * self._config.lanes
            for found in misaligned_bins(self._config, marks, moment.joining.index):
                self._record.hit(*found)

    def access(self, access: Access) -> None:
        """The bus takes an access in this clock."""
        state = self._now.state
        self._record.hit(*access_bin(self._config, access, unit_of(state, self._test), state, self._offered))

    def control(self, swap: bool, disable: bool, clear: bool) -> None:
        """CTRL is written in this clock: its bank changes, the unit is disabled, the counters are cleared."""
        if self._test:
            return
        for happens, look in ((swap, on_swap), (disable, on_disable), (clear, on_clear)):
            if happens:
                self._record.hit(*look(self._config, self._now))

    def reset(self, model: Observed) -> None:
        """Reset in the next clock; `model` stands where this one left it."""
        if self._moment is None:
            return
        if self._test:
            self._record.hit("reset in test mode", unit_of(model.state, True))
        else:
            self._record.hit(*on_reset(self._config, self._moment, model.state))
        self._moment = self._layer = None

    @property
    def _now(self) -> Moment:
        assert self._moment is not None
        return self._moment

    def _enters(self, layer: Layer) -> None:
        state = self._now.state
        for found in setting_bins(self._config, layer, state.index):
            self._record.hit(*found)
        if state.index == 0 and state.slots[0] is not None and self._layer is not None:
            for found in change_bins(self._layer, layer):
                self._record.hit(*found)
        self._layer = layer
