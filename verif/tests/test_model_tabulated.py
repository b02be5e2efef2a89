"""The fast form of the golden model answers the golden model's codes, in every column that is in use."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from nmpu_model.half.arithmetic import NAN, Half, bits, halves, multiply_add
from nmpu_model.half.program import half_program
from nmpu_model.half.traffic import EDGES
from nmpu_model.program import Layer, Program
from nmpu_model.stimulus import integers
from nmpu_model.tabulated import Tabulated
from nmpu_model.traffic import Codes, Traffic, random_program, random_traffic
from nmpu_model.unit import run
from nmpu_spec.compression import Compression
from nmpu_spec.config import CODE_BITS, Adc, AdcMode, Config
from nmpu_spec.errors import InputError
from nmpu_spec.formats import Format
from nmpu_spec.half import half_config
from nmpu_spec.load import load
from nmpu_spec.overflow import Overflow
from nmpu_spec.rounding import Rounding

pytestmark = pytest.mark.filterwarnings("error")

RX = {"off": {}, "signed": {"rx_on": True, "rx_signed": True}, "unsigned": {"rx_on": True, "rx_signed": False}}


def first(program: Program, used: int) -> Program:
    return replace(program, mask=np.arange(program.config.columns) < used)


def assert_equal(program: Program, traffic: Traffic) -> np.ndarray:
    """`traffic` is that of all columns; returns the codes of those in use."""
    used = int(program.mask.sum())
    golden = run(program, traffic.p, traffic.n, traffic.rx).out
    ours = Tabulated(program).codes(
        *(None if codes is None else codes[:, :used] for codes in (traffic.p, traffic.n, traffic.rx))
    )
    assert ours.shape == (len(traffic.p), used)
    assert ours.dtype == golden.dtype
    np.testing.assert_array_equal(ours, golden[:, :used])
    return ours


def every_code(config: Config, layer: Layer) -> Traffic:
    """Every P, N and rx that there is, one combination per vector, the same in all columns."""
    rx = config.code_format(config.residual.code_bits, layer.rx_signed)
    wanted = (True, config.adc.mode is AdcMode.DUAL, layer.rx_on)
    ranges = [
        np.arange(node.min_raw, node.max_raw + 1) if want else np.zeros(1, np.int64)
        for node, want in zip((config.adc.code, config.adc.code, rx), wanted, strict=True)
    ]
    grids = (np.repeat(grid.reshape(-1, 1), config.columns, axis=1) for grid in np.meshgrid(*ranges))
    return Traffic(*(grid if want else None for grid, want in zip(grids, wanted, strict=True)))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["tiny", "half_single6"])
@pytest.mark.parametrize("seed", range(24))
def test_every_code_of_small_formats(configurations: Mapping[str, str], name: str, seed: int) -> None:
    program = random_program(load(configurations[name]), seed, "every", rx_on=bool(seed % 2))
    program = first(program, 1 + seed % 6)
    assert_equal(program, every_code(program.config, program.layer))


@pytest.mark.parametrize("name", ["hermes256", "user96", "single12", "deep8", "fp16", "half12"])
@pytest.mark.parametrize("seed", range(12))
def test_random_programs(configurations: Mapping[str, str], name: str, seed: int) -> None:
    """A third of the columns has parameters from the ends of their formats (FP16: infinities and NaN among them), a
    quarter of the codes is an end of theirs; the number of columns in use is anything up to all."""
    program = random_program(load(configurations[name]), seed, "random", rx_on=bool(seed % 2))
    columns = program.config.columns
    program = first(program, columns if seed < 2 else int(integers(seed, "used", 1, columns, (1,))[0]))
    assert_equal(program, random_traffic(program, 50, seed, "random"))


@pytest.mark.parametrize("name", ["hermes256", "half12"])
@pytest.mark.parametrize("rx", RX)
def test_every_setting(configurations: Mapping[str, str], name: str, rx: str) -> None:
    program = first(random_program(load(configurations[name]), 1, "settings"), 12)
    seen = set()
    for relu_1, relu_2, out_bits, out_signed in product((False, True), (False, True), CODE_BITS, (False, True)):
        layer = replace(program.layer, relu_1=relu_1, relu_2=relu_2, out_bits=out_bits, out_signed=out_signed)
        layer = replace(layer, rx_on=False, rx_signed=True, rx_scale=0x3800 if name == "half12" else 40)
        told = replace(program, layer=replace(layer, **RX[rx]))  # type: ignore[arg-type]
        seen.add(assert_equal(told, random_traffic(told, 40, 1, "settings")).tobytes())
    # Of the 24: ReLU leaves no number that an unsigned code would cut off at 0, and a sum with codes that are never
    # negative needs no second one.
    assert len(seen) == {"off": 9, "signed": 18, "unsigned": 15}[rx], "this traffic does not tell the settings apart"


@pytest.mark.parametrize("rounding", Rounding)
@pytest.mark.parametrize("overflow", Overflow)
@pytest.mark.parametrize("cuts", [(0, 0), (2, 1)], ids=str)
@pytest.mark.parametrize("mode", AdcMode)
def test_every_compression(rounding: Rounding, overflow: Overflow, cuts: tuple[int, int], mode: AdcMode) -> None:
    base = replace(load("hermes256"), adc=Adc(mode, Format.parse("U12.0")))
    compression = Compression(rounding, overflow, *cuts)
    affine = replace(base.affine, corrected=Format.parse("S11.1"), compression=compression)
    config = replace(base, affine=affine, output=replace(base.output, compression=compression))
    for seed in range(3):
        program = first(random_program(config, seed, "compression"), 200)
        assert_equal(program, random_traffic(program, 40, seed, "compression"))


@pytest.mark.parametrize("raw", EDGES, ids=hex)
def test_every_edge_as_rx_scale(raw: int) -> None:
    program = random_program(load("fp16"), raw, "rx", rx_on=True)
    program = first(replace(program, layer=replace(program.layer, rx_scale=raw)), 90)
    assert_equal(program, random_traffic(program, 40, raw, "rx"))


def difference_seen(p: Half, n: Half) -> Program:
    """p - n from the offsets alone (codes are 0), less the golden difference, in units of its last place."""
    config = half_config(p.size, 1, Adc(AdcMode.DUAL, Format.parse("U12.0")), 8)
    golden = multiply_add(n, np.float16(-1), p)
    unit = 2.0 ** (np.frexp(golden.astype(np.float64))[1] - 11)
    zero = np.zeros(p.size)
    values = {"scale_p": zero, "offset_p": p, "scale_n": zero, "offset_n": n, "gain": 1 / unit, "bias": -golden / unit}
    return half_program(config, values)


@pytest.mark.parametrize("seed", range(20))
def test_the_difference_is_rounded_once(seed: int) -> None:
    """Where float32 cannot hold p - n, too: p from 4 to 1024, n from the smallest half to 1, of either sign."""
    p = halves(integers(seed, "p", 0x4400, 0x6400, (4096,)))
    n = halves(integers(seed, "n", 0x0001, 0x3C00, (4096,)) | integers(seed, "sign", 0, 1, (4096,)) << 15)
    p[::4] = halves(bits(p[::4]) & 0xFC00)  # powers of two, where the spacing of the halves changes
    zero = np.zeros((1, p.size), np.int64)
    assert not assert_equal(difference_seen(p, n), Traffic(zero, zero, None)).any()


def test_sums_that_float32_would_round_twice() -> None:
    """Halves from 2 to 4 are 2**-9 apart. A product next to 2**-10, half of that, decides which one is nearest, and
    with it the code; float32 would make it 2**-10 and a tie."""
    values = {"scale_p": 1 + 2**-10, "offset_p": 0, "scale_n": 0, "offset_n": 0}
    one, zero = np.ones((1, 256), np.int64), np.zeros((1, 256), np.int64)
    below = {"gain": (1 - 2**-10) * 2**-10, "bias": 3.5 - 2**-9}  # 2**-10 - 2**-30 are added
    assert (assert_equal(half_program(load("fp16"), {**values, **below}), Traffic(one, zero, None)) == 3).all()
    above = half_program(load("fp16"), {**values, "gain": 0, "bias": 2.5}, 145 * 2**-24, Layer(rx_on=True))
    assert (assert_equal(above, Traffic(one, zero, 113 * one)) == 3).all()  # 113 * 145 * 2**-24 = 2**-10 + 2**-24


def test_a_nan_is_code_0() -> None:
    values = dict.fromkeys(("scale_p", "offset_p", "scale_n", "offset_n", "gain", "bias"), 1.0)
    program = half_program(load("fp16"), values)
    not_a_number = {**program.parameters, "offset_p": np.full(256, int(NAN.view(np.uint16)))}
    zero = np.zeros((3, 256), np.int64)
    assert not assert_equal(replace(program, parameters=not_a_number), Traffic(zero, zero, None)).any()


@pytest.mark.parametrize(("name", "vectors"), [("tiny", 140_001), ("half_single6", 20_001)])
def test_many_blocks_and_a_rest(configurations: Mapping[str, str], name: str, vectors: int) -> None:
    program = first(random_program(load(configurations[name]), 4, "long", rx_on=True), 5)
    codes = assert_equal(program, random_traffic(program, vectors, 4, "long"))
    assert codes[-1].any()


@pytest.mark.parametrize("code", ["U13.0", "U16.0"])
def test_codes_too_wide_for_tables(code: str) -> None:
    config = half_config(16, 1, Adc(AdcMode.DUAL, Format.parse(code)), 8)
    program = first(random_program(config, 6, "wide", rx_on=True), 11)
    assert_equal(program, random_traffic(program, 300, 6, "wide"))


@pytest.mark.parametrize("name", ["hermes256", "fp16"])
@pytest.mark.parametrize("dtype", [np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64])
def test_any_integer_type_and_order(name: str, dtype: type) -> None:
    program = first(random_program(load(name), 8, "types", rx_on=True), 33)
    program = replace(program, layer=replace(program.layer, rx_signed=False))
    traffic = random_traffic(program, 40, 8, "types")
    wanted = assert_equal(program, traffic)

    def typed(codes: Codes | None) -> Codes:
        assert codes is not None
        return np.asfortranarray(codes[:, :33].astype(dtype))

    given = [typed(codes) for codes in (traffic.p, traffic.n, traffic.rx)]
    before = [codes.copy() for codes in given]
    np.testing.assert_array_equal(Tabulated(program).codes(*given), wanted)
    for codes, old in zip(given, before, strict=True):
        np.testing.assert_array_equal(codes, old)


@pytest.mark.parametrize("name", ["tiny", "fp16"])
def test_no_vectors_are_no_error(name: str) -> None:
    config = load(name)
    program = first(random_program(config, 0, "none", rx_on=False), 3)
    nothing = np.zeros((0, 3), np.int16)
    assert Tabulated(program).codes(nothing, nothing).shape == (0, 3)


@pytest.mark.parametrize("enabled", [[], [1], [0, 2], [0, 1, 255]], ids=str)
@pytest.mark.parametrize("name", ["hermes256", "fp16"])
def test_other_masks_are_refused(name: str, enabled: list[int]) -> None:
    program = random_program(load(name), 0, "mask")
    mask = np.isin(np.arange(256), enabled)
    with pytest.raises(InputError, match=rf"^mask: enables {len(enabled)} of 256 columns, must enable the first .*$"):
        Tabulated(replace(program, mask=mask))


@pytest.mark.parametrize("name", ["hermes256", "fp16"])
def test_bad_arrays_are_refused(name: str) -> None:
    program = first(random_program(load(name), 0, "bad", rx_on=True), 3)
    unit, zeros = Tabulated(program), np.zeros((4, 3), np.int16)
    high = zeros.copy()
    high[2, 1] = 4096
    for arrays, message in (
        ((zeros, zeros, None), r"^rx: is missing$"),
        ((zeros, np.zeros((4, 256), np.int16), zeros), r"^n: shape \(4, 256\), must be \(vectors, 3\)$"),
        ((zeros.astype(float), zeros, zeros), r"^p: type float64, must be an integer type$"),
        ((zeros, high, zeros), r"^n of column 1: code 4096 must be 0 to 4095$"),
    ):
        with pytest.raises(InputError, match=message):
            unit.codes(*arrays)
