"""Files and contents that were right before something happened to them."""

import copy
import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

Draw = st.DrawFn
Place = tuple[Any, ...]
Arrays = Mapping[str, NDArray[Any]]

TOKENS = (
    *(b"", b"0", b"-1", b"1.5", b"1e308", b"-1e400", b"nan", b"inf", b"1_0", b"0x10", b"None", b'"', b"'", b"#", b"\\"),
    *(b"1" * 30, b"1" * 5000, b"0x" + b"f" * 5000, b"[" * 3000, b"1000000000000", b"(1000000000000,)", b"(-1,)"),
    *(b"'|O'", b"'<U0'", b"'m8[s]'", b"\0", b"\r", b"\n", b"\t", b",", b"\xff", b"\x1b[0m"),
    *(text.encode() for text in ("²", "٣", "é", "\u2028", "\x85", "\ufeff")),
)
"""What stands where a number or a word was expected: other spellings, sizes, languages; what ends a line or a text."""
_VALUES: tuple[Any, ...] = (
    *(0, -1, 1 << 70, 10**12, 0.5, 1e308, float("nan"), True, None, [], [[]], {}, {"a": 1}),
    *("", "x", "a\nb", "\0", "../..", "/", "é\u2028", "U1.7", "0" * 64, "x" * 300),
)


@st.composite
def damaged(draw: Draw, data: bytes) -> bytes:
    """`data` after one to three accidents: words or bytes replaced, lines moved, lost or doubled, the end gone."""
    for _ in range(draw(st.integers(1, 3))):
        if not data:
            break
        match draw(st.sampled_from(("word", "word", "line", "bytes", "end"))):
            case "word" if words := list(re.finditer(rb"[\w.+-]+", data)):
                word = draw(st.sampled_from(words))
                data = data[: word.start()] + draw(_other_words()) + data[word.end() :]
            case "line":
                data = draw(_other_lines(data.splitlines(keepends=True)))
            case "end":
                data = data[: draw(st.integers(0, len(data)))]
            case _:
                start = draw(st.integers(0, len(data) - 1))
                stop = min(start + draw(st.integers(0, 4)), len(data))
                data = data[:start] + draw(_other_words()) + data[stop:]
    return data


def _other_words() -> st.SearchStrategy[bytes]:
    return st.sampled_from(TOKENS) | st.binary(max_size=4) | st.integers(-(2**65), 2**65).map(lambda n: b"%d" % n)


@st.composite
def _other_lines(draw: Draw, lines: Sequence[bytes]) -> bytes:
    """A run of lines lost, doubled or moved."""
    start = draw(st.integers(0, len(lines) - 1))
    stop = draw(st.integers(start + 1, len(lines)))
    to = draw(st.integers(0, len(lines)))
    kept = [*lines[:start], *lines[stop:]]
    changed = draw(st.sampled_from((kept, [*lines[:to], *lines[start:stop], *lines[to:]], [*kept, *lines[start:stop]])))
    return b"".join(changed)


@st.composite
def altered(draw: Draw, tree: Any, values: st.SearchStrategy[Any] | None = None) -> Any:
    """A tree of dictionaries and lists, one to three entries of which are lost, doubled, or have another value."""
    tree = copy.deepcopy(tree)
    values = st.sampled_from(_VALUES) if values is None else values
    for _ in range(draw(st.integers(1, 3))):
        places = list(_places(tree))
        if not places:
            break
        *way, key = draw(st.sampled_from(places))
        parent = tree
        for step in way:
            parent = parent[step]
        match draw(st.sampled_from(("value", "value", "value", "lost", "new"))):
            case "lost":
                del parent[key]
            case "new" if isinstance(parent, dict):
                parent[draw(st.text(max_size=5))] = copy.deepcopy(parent[key])
            case "new":
                parent.append(copy.deepcopy(parent[key]))
            case _:
                near = st.integers(parent[key] - 2, parent[key] + 2) if type(parent[key]) is int else values
                parent[key] = copy.deepcopy(draw(values | near))
    return tree


def _places(tree: Any) -> Iterator[Place]:
    entries = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in entries:
        yield (key,)
        yield from ((key, *inner) for inner in _places(value))


@st.composite
def archives(draw: Draw, arrays: Arrays) -> bytes:
    """An NPZ file of `arrays`, after arrays, the bytes of one of them, or those of the whole file came to harm."""
    what = draw(st.sampled_from(("arrays", "entry", "file")))
    found = draw(_other_arrays(arrays)) if what == "arrays" else arrays
    entries = {f"{name}.npy": _npy(array) for name, array in found.items()}
    if what == "entry":
        name = draw(st.sampled_from(sorted(entries)))
        entries[name] = draw(damaged(entries[name][:128])) + draw(st.sampled_from((entries[name][128:], b"")))
    buffer = io.BytesIO()
    kind = draw(st.sampled_from((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)))
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in entries.items():
            archive.writestr(zipfile.ZipInfo(name), data, kind)  # without the date, which would change the bytes
    return draw(damaged(buffer.getvalue())) if what == "file" else buffer.getvalue()


@st.composite
def _other_arrays(draw: Draw, arrays: Arrays) -> dict[str, NDArray[Any]]:
    """One of them lost, renamed, or of another type, shape or content."""
    found = dict(arrays)
    name = draw(st.sampled_from(sorted(found)))
    array = found[name]
    numbers = array if array.dtype.kind in "iuf" else np.zeros(array.shape)
    match draw(st.sampled_from(("lost", "name", "type", "type", "shape", "value"))):
        case "lost":
            del found[name]
        case "name":
            found[draw(st.sampled_from(("x\ny", "é", "..", " ", "file", "out", "lsb", "mask")))] = found.pop(name)
        case "type":
            kind = draw(
                st.sampled_from(("?", "u1", ">i2", "i8", "u8", "f2", ">f8", "g", "c16", "m8[s]", "M8[s]", "S3", "U2"))
            )
            found[name] = numbers.astype(np.int8).astype(kind)
        case "shape":
            rows = np.atleast_2d(array)
            found[name] = draw(
                st.sampled_from((array[..., None], rows, rows[0], rows[:0], rows.T, rows[:, :0], rows[0, 0]))
            )
        case _:
            kind = draw(st.sampled_from(("f8", "i8")))
            changed = numbers.astype(kind)
            ends = (np.nan, np.inf, 1e300, -0.0) if kind == "f8" else (-(2**63), 2**63 - 1, -1, 1 << 31)
            changed.flat[draw(st.integers(0, changed.size - 1))] = draw(st.sampled_from(ends))
            found[name] = changed
    return found


def _npy(array: NDArray[Any]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()
