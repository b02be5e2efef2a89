"""The progress bar of the verbs: on stderr, and gone when the work is done."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn


@contextmanager
def progress_bar(counted: bool = False) -> Iterator[Callable[[str, int, int | None], None]]:
    """Call what it gives with the step, what is done of it, and how much there is (0 or None: not known).

    With `counted` the two numbers are shown.
    """
    numbers = [MofNCompleteColumn()] if counted else []
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), *numbers, TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        bar = bars.add_task("", total=None)
        yield lambda step, done, total: bars.update(bar, description=step, completed=done, total=total or None)
