"""The table of the precision study: read as it was written, and refused where it is damaged or of another study."""

from pathlib import Path

import pytest
from study_rows import REFUSED, row

from nmpu_spec.errors import InputError
from nmpu_verif.study.table import Table

STUDY = {"task": {"network": "resnet9", "seeds": (1, 2)}}


def filled(folder: Path) -> Table:
    table = Table(folder, STUDY)
    for entry in (row("a", 10, 1 / 3), REFUSED, row("b", 20, float("nan"))):
        table.append(entry)
    return table


def test_a_table_is_read_as_it_was_written(tmp_path: Path) -> None:
    written = filled(tmp_path).rows
    read = Table(tmp_path, STUDY).rows
    assert read["a"] == written["a"]
    assert read["refused"] == REFUSED
    assert repr(read) == repr(written)  # NaN included


@pytest.mark.parametrize(
    ("line", "damage"),
    [
        (2, lambda line: line[:-20]),
        (2, lambda line: line.replace("10.0", "1o.0")),
        (2, lambda line: line.replace("10.0", "")),
        (3, lambda line: line * 2),
        (3, lambda line: line.replace("conv1: does not fit", "")),
        (4, lambda line: line.rstrip("\n")),
        (4, lambda line: f'"{line}'),
    ],
)
def test_a_damaged_table_names_the_line(tmp_path: Path, line: int, damage) -> None:  # type: ignore[no-untyped-def]
    path = filled(tmp_path).path
    lines = path.read_text().splitlines(keepends=True)
    lines[line - 1] = damage(lines[line - 1])
    path.write_text("".join(lines))
    with pytest.raises(InputError) as caught:
        Table(tmp_path, STUDY)
    at = line + 1 if damage("x\n") == "x\nx\n" else line
    assert str(caught.value) == f"{path}, line {at}: is damaged or there twice; remove that line to compute it again"


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"\xff\xfe", b"\x89PNG"])
def test_another_file_is_not_taken_for_a_table(tmp_path: Path, content: bytes) -> None:
    path = filled(tmp_path).path
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"sweep\.csv") as caught:
        Table(tmp_path, STUDY)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == content


@pytest.mark.parametrize("content", [None, b"{", b"[]", b'{"rows": []}'])
def test_a_table_without_its_description_is_refused(tmp_path: Path, content: bytes | None) -> None:
    table = filled(tmp_path)
    if content is None:
        table.json.unlink()
    else:
        table.json.write_bytes(content)
    with pytest.raises(InputError, match=r"sweep\.json: does not say what study sweep\.csv is of"):
        Table(tmp_path, STUDY)


def test_a_table_of_another_study_is_kept(tmp_path: Path) -> None:
    path = filled(tmp_path).path
    before = path.read_bytes()
    with pytest.raises(InputError, match=r"is of another study \(other task, see sweep\.json\)"):
        Table(tmp_path, {"task": {"network": "resnet32"}})
    assert path.read_bytes() == before
