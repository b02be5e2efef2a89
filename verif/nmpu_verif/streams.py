"""The two ends of a stream, as a bench drives them: what is offered, and when."""

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import repeat


class Source:
    """A valid/ready source: each beat is offered after its pause and stays until it is taken."""

    def __init__(self) -> None:
        self._queue: deque[int] = deque()
        self._pauses: Iterator[int] = repeat(0)
        self._pause: int | None = None

    def pace(self, pauses: Iterable[int]) -> None:
        """Clocks to wait before each beat, from now on; 0 when the sequence ends."""
        self._pauses = iter(pauses)

    def put(self, beats: Iterable[int]) -> None:
        self._queue.extend(beats)

    def clear(self) -> None:
        self._queue.clear()
        self._pause = None

    @property
    def left(self) -> int:
        return len(self._queue)

    def offer(self) -> int | None:
        """The beat on the wires in this clock, None when there is none; called once per clock."""
        if not self._queue:
            return None
        if self._pause is None:
            self._pause = next(self._pauses, 0)
        if self._pause > 0:
            self._pause -= 1
            return None
        return self._queue[0]

    def take(self) -> int:
        """The unit took the beat."""
        self._pause = None
        return self._queue.popleft()
