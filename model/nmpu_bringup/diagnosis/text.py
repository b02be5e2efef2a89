"""Numbers in words, as reports show them."""

from collections.abc import Iterable


def ranges(numbers: Iterable[int], most: int = 8) -> str:
    """Whole numbers as ``1 to 3, 7``; after `most` runs the rest is counted."""
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    shown = [str(first) if first == last else f"{first} to {last}" for first, last in runs[:most]]
    left = sum(last - first + 1 for first, last in runs[most:])
    return ", ".join(shown) + (f" and {left} more" if left else "")
