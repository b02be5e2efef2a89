"""Where a fault is put: the place that explains most, and of equal ones the widest."""

from dataclasses import replace

import numpy as np
import pytest
from dumps import SMALL_TOML

from nmpu_bringup.diagnosis.hypothesis import ALL_CASES, ANY_CASES, ONE_CASE
from nmpu_bringup.diagnosis.places import KINDS, Place, best_place
from nmpu_spec.load import parse

CONFIG = parse(SMALL_TOML)
CASES = 5


def gain(cells: dict[tuple[int, int], int]) -> np.ndarray:
    """(cases, columns) of 0, and what `cells` says."""
    made = np.zeros((CASES, CONFIG.columns), np.int64)
    for place, count in cells.items():
        made[place] = count
    return made


@pytest.mark.parametrize(
    ("cells", "kinds", "one_case", "place", "alternatives"),
    [
        # One column in one case: every place that has it explains it, the whole unit is named.
        ({(3, 6): 4}, KINDS, ANY_CASES, Place("all", 0, None), 1),
        ({(3, 6): 4}, KINDS[1:], ANY_CASES, Place("group", 1, None), 3),
        ({(3, 6): 4}, ("lane", "column"), ALL_CASES, Place("lane", 2, None), 4),
        ({(3, 6): 4}, ("column",), ALL_CASES, Place("column", 6, None), 12),
        ({(3, 6): 4}, ("column",), ONE_CASE, Place("column", 6, 3), 60),
        # What it would put wrong elsewhere makes the place narrower.
        ({(0, 2): 5, (0, 6): 5, (0, 3): -1}, KINDS, ANY_CASES, Place("lane", 2, None), 4),
        ({(0, 4): 5, (0, 5): 5, (0, 9): -1}, KINDS, ALL_CASES, Place("group", 1, None), 3),
        ({(0, 4): 5, (0, 5): -1, (0, 8): -1}, KINDS, ALL_CASES, Place("column", 4, None), 12),
        ({(0, 4): 5, (2, 4): -1}, KINDS, ANY_CASES, Place("all", 0, 0), 5),
        ({(1, 4): 5, (1, 8): 5, (1, 5): -1, (2, 8): -1}, KINDS, ANY_CASES, Place("lane", 0, 1), 20),
    ],
)
def test_best_place(
    cells: dict[tuple[int, int], int],
    kinds: tuple[str, ...],
    one_case: tuple[bool, ...],
    place: Place,
    alternatives: int,
) -> None:
    found = best_place(gain(cells), CONFIG, kinds, one_case)
    assert found.place == place
    assert round(2**found.bits) == alternatives
    columns = place.columns(CONFIG)
    inside = gain(cells)[:, columns] if place.case is None else gain(cells)[place.case, columns]
    assert found.gain == inside.sum()


def test_the_only_case_is_not_named() -> None:
    assert best_place(gain({(0, 3): 1})[:1], CONFIG, ("column",), ONE_CASE).place == Place("column", 3, None)


def test_a_lane_per_column() -> None:
    """A column is its lane then, and is called so."""
    config = replace(CONFIG, lanes=CONFIG.columns)
    assert best_place(gain({(0, 3): 2, (0, 4): -1}), config, KINDS, ALL_CASES).place == Place("lane", 3, None)


def test_places_are_the_columns_of_the_streams() -> None:
    assert Place("all", 0, None).columns(CONFIG) == list(range(12))
    assert Place("lane", 3, None).columns(CONFIG) == [3, 7, 11]
    assert Place("group", 1, None).columns(CONFIG) == [4, 5, 6, 7]
    assert Place("column", 9, None).columns(CONFIG) == [9]
    assert Place("column", 9, 1).text(CONFIG, ["a", "b"]) == "column 9 (group 2, lane 1), only in case b"
