"""The compiled RTL answers as the golden model does: codes, every counter, the CRC, and refused input."""

import zlib
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from nmpu_model.program import Program
from nmpu_model.traffic import Traffic, random_program, random_traffic
from nmpu_model.unit import run
from nmpu_spec.config import Config
from nmpu_spec.errors import InputError
from nmpu_spec.load import load
from nmpu_spec.rounding import Rounding
from nmpu_verif.compiled import RtlResult, compiled

SEED = 11


def drawn(config: Config, name: str, rx_on: bool, vectors: int = 300) -> tuple[Program, Traffic]:
    program = random_program(config, SEED, name, rx_on=rx_on)
    return program, random_traffic(program, vectors, SEED, name)


def both_answer(program: Program, traffic: Traffic) -> RtlResult:
    """The RTL's answer, which must be the model's."""
    got = compiled(program.config)(program, traffic.p, traffic.n, traffic.rx)
    wanted = run(program, traffic.p, traffic.n, traffic.rx)
    assert np.array_equal(got.out, wanted.out)
    assert got.out.dtype == wanted.out.dtype
    assert got.counters == dict(wanted.counters)
    assert got.out_crc == zlib.crc32(wanted.out.astype(np.uint8).tobytes())
    assert got.out_beats == len(wanted.out) * program.config.groups
    return got


@pytest.mark.parametrize("name", ["tiny", "deep8", "user96", "single12", "half12", "half_single6", "fp16"])
def test_equals_the_model(configurations: Mapping[str, str], name: str) -> None:
    """Random programs one after the other, rx off and on; on `deep8` all of their counters are above zero."""
    config = load(configurations[name])
    programs = [drawn(config, f"program_{number}", rx_on=bool(number % 2)) for number in range(8)]
    seen: dict[str, int] = {}
    for program, traffic in programs:
        for counter, value in both_answer(program, traffic).counters.items():
            seen[counter] = seen.get(counter, 0) + value
    assert not all(program.mask.all() for program, _ in programs)
    if name == "deep8":
        assert {counter for counter, value in seen.items() if not value} == {"wait_rx", "stall_out"}


@pytest.mark.parametrize("vectors", [0, 1])
def test_hardly_any_vectors(vectors: int) -> None:
    both_answer(*drawn(load("tiny"), "few", rx_on=True, vectors=vectors))


def test_a_call_leaves_nothing_behind() -> None:
    """The same call gives the same after another program, with rx in place of none and more vectors, has run."""
    config = load("tiny")
    first, second = drawn(config, "first", rx_on=False), drawn(config, "second", rx_on=True, vectors=500)
    before = both_answer(*first)
    other = both_answer(*second)
    after = both_answer(*first)
    assert np.array_equal(before.out, after.out)
    assert before.counters == after.counters != other.counters
    assert before.out_crc == after.out_crc != other.out_crc


def test_takes_any_integers_in_any_order_of_memory() -> None:
    program, traffic = drawn(load("tiny"), "types", rx_on=True)
    wanted = both_answer(program, traffic)
    assert traffic.n is not None and traffic.rx is not None
    arrays: list[NDArray[np.integer]] = [
        traffic.p.astype(np.uint32),
        np.asfortranarray(traffic.n),
        np.repeat(traffic.rx.astype(np.int16), 2, axis=0)[::2],
    ]
    assert np.array_equal(compiled(program.config)(program, *arrays).out, wanted.out)


@pytest.mark.parametrize("change", ["shape", "type", "missing", "unwanted", "p", "n", "rx"])
def test_refuses_what_the_model_refuses(change: str) -> None:
    """With the same words."""
    program, traffic = drawn(load("tiny"), "errors", rx_on=change == "rx", vectors=3)
    p, n, rx = traffic.p.copy(), traffic.n, traffic.rx
    assert n is not None
    if change == "shape":
        n = n[:, 1:]
    elif change == "type":
        n = n.astype(np.float64)
    elif change == "missing":
        n = None
    elif change == "unwanted":
        rx = np.zeros(p.shape, np.int64)
    else:
        codes = {"p": p, "n": n, "rx": rx}[change]
        assert codes is not None
        codes[2, 1] = 1 << 20
    with pytest.raises(InputError) as model:
        run(program, p, n, rx)
    with pytest.raises(InputError) as rtl:
        compiled(program.config)(program, p, n, rx)
    assert str(rtl.value) == str(model.value)


def test_refuses_the_program_of_another_configuration() -> None:
    config = load("tiny")
    program, traffic = drawn(replace(config, columns=2 * config.columns, name="double"), "other", rx_on=False)
    with pytest.raises(InputError, match="double"):
        compiled(config)(program, traffic.p, traffic.n, traffic.rx)


def test_another_rounding_is_seen() -> None:
    """RTL that rounds otherwise gives other codes and another CRC than the model of the right configuration."""
    right = load("tiny")
    output = replace(right.output, compression=replace(right.output.compression, rounding=Rounding.FLOOR))
    wrong = replace(right, output=output, name="floor")
    program, traffic = drawn(right, "rounding", rx_on=False)
    mutant = both_answer(replace(program, config=wrong), traffic)
    model = run(program, traffic.p, traffic.n)
    assert not np.array_equal(mutant.out, model.out)
    assert mutant.out_crc != zlib.crc32(model.out.astype(np.uint8).tobytes())
