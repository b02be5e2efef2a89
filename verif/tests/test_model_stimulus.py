"""The random numbers: known answers, and an independent generator in plain integers."""

import hashlib

import numpy as np
import pytest

from nmpu_model import stimulus
from nmpu_model.stimulus import integers, uniform_bits

MODULO = 1 << 64


class SplitMix64:
    """The published sequential form: a state that a constant is added to, and a finaliser."""

    def __init__(self, seed: int) -> None:
        self.state = seed

    def next(self) -> int:
        self.state = (self.state + 0x9E3779B97F4A7C15) % MODULO
        z = self.state
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 % MODULO
        z = (z ^ z >> 27) * 0x94D049BB133111EB % MODULO
        return z ^ z >> 31


KNOWN = {
    0: [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F, 0xF88BB8A8724C81EC],
    1234567: [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821],
}
"""First outputs as other implementations publish them (xoshiro's seeding examples; Rosetta Code)."""


@pytest.mark.parametrize("seed", KNOWN)
def test_the_reference_is_splitmix64(seed: int) -> None:
    generator = SplitMix64(seed)
    assert [generator.next() for _ in KNOWN[seed]] == KNOWN[seed]


@pytest.mark.parametrize("seed", KNOWN)
def test_known_answers(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the hash replaced by one that answers the seed itself, the words are SplitMix64's own."""

    class Digest:
        def digest(self) -> bytes:
            return seed.to_bytes(8, "little") + bytes(24)

    monkeypatch.setattr(stimulus.hashlib, "sha256", lambda _: Digest())
    assert uniform_bits(0, "", len(KNOWN[seed])).tolist() == KNOWN[seed]


@pytest.mark.parametrize(("seed", "stream"), [(0, "a"), (1, "a"), (1, "b/c"), (123456789, "")])
def test_words_are_those_of_the_sequential_generator(seed: int, stream: str) -> None:
    key = int.from_bytes(hashlib.sha256(f"{seed}/{stream}".encode()).digest()[:8], "little")
    generator = SplitMix64(key)
    assert uniform_bits(seed, stream, 1000).tolist() == [generator.next() for _ in range(1000)]


def test_a_longer_stream_begins_with_the_shorter_one() -> None:
    assert (uniform_bits(3, "x", 1000)[:10] == uniform_bits(3, "x", 10)).all()
    assert uniform_bits(3, "x", 0).size == 0


@pytest.mark.parametrize(("low", "high"), [(0, 0), (-5, -5), (0, 1), (-4, 3), (-3, 9), (-128, 127)])
def test_integers_reach_all_of_the_range_and_no_more(low: int, high: int) -> None:
    numbers = integers(7, f"{low}..{high}", low, high, (40, 200))
    assert numbers.shape == (40, 200)
    assert numbers.dtype == np.int64
    assert set(numbers.ravel().tolist()) == set(range(low, high + 1))


def test_integers_take_the_top_bits() -> None:
    """The place in the range is the place of the word's upper half in 0 to 2**32."""
    words = uniform_bits(5, "top", 500).tolist()
    for span in (1, 3, 1000, 1 << 32):
        wanted = [(word >> 32) * span // (1 << 32) - 10 for word in words]
        assert integers(5, "top", -10, span - 11, (500,)).tolist() == wanted


@pytest.mark.parametrize(("low", "high"), [(1, 0), (0, 1 << 32), (-1, (1 << 32) - 1)])
def test_impossible_ranges(low: int, high: int) -> None:
    with pytest.raises(ValueError, match=f"^range {low} to {high}: "):
        integers(0, "x", low, high, (1,))
