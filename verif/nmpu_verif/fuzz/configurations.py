"""Random configurations that can be built, and descriptions of some that perhaps cannot."""

from typing import Any

from hypothesis import reject
from hypothesis import strategies as st

from nmpu_spec.compression import Compression
from nmpu_spec.config import Adc, AdcMode, Affine, Config, Norm, Output, Residual
from nmpu_spec.errors import InputError
from nmpu_spec.formats import Format
from nmpu_spec.half import HalfConfig, half_config
from nmpu_spec.implementation import Implementation, Reset
from nmpu_spec.load import Arithmetic
from nmpu_spec.overflow import Overflow
from nmpu_spec.rounding import Rounding
from nmpu_spec.rules import MAX_HALF_BITS, MAX_HALF_FRACTION, REGISTER_BITS
from nmpu_verif.fuzz.damage import altered

Draw = st.DrawFn

_MOST_LANES = 3
"""Elaboration takes longer with every lane, and lanes are alike."""


@st.composite
def configs(draw: Draw) -> Config:
    """A fixed-point unit of a few lanes.

    Formats, roundings and cuts are free but for what a sum's fraction allows; what is too wide together is for `Config`
    to refuse. A third of the units is narrow, where sums reach their ends by chance, a third as wide as can be.
    """
    most = draw(st.sampled_from((4, 14, REGISTER_BITS)))
    dual = draw(st.booleans())
    code = draw(formats(most, signed=False if dual else None))
    scale, offset = draw(formats(most)), draw(formats(most, signed=True))
    exact = max(code.fraction + scale.fraction, offset.fraction)
    fraction = draw(st.integers(0, exact))
    corrected = Format(True, draw(st.integers(1, max(most - fraction, 1))), fraction)
    gain, bias, residual_scale = draw(formats(most, True)), draw(formats(most, True)), draw(formats(most))
    total = max(gain.fraction + fraction, bias.fraction, residual_scale.fraction)
    lanes, groups = draw(geometries())
    try:
        return Config(
            lanes * groups,
            lanes,
            Adc(AdcMode.DUAL if dual else AdcMode.SINGLE, code),
            Affine(scale, offset, corrected, draw(compressions(exact - fraction))),
            Norm(gain, bias),
            Residual(draw(st.integers(2, 8)), residual_scale),
            Output(draw(st.integers(1, 5)), draw(compressions(total))),
            implementation=draw(implementations(lanes)),
        )
    except InputError:
        reject()


@st.composite
def half_configs(draw: Draw) -> HalfConfig:
    """An FP16 unit of a few lanes."""
    dual = draw(st.booleans())
    code = draw(formats(MAX_HALF_BITS, False if dual else None, MAX_HALF_FRACTION))
    lanes, groups = draw(geometries())
    adc = Adc(AdcMode.DUAL if dual else AdcMode.SINGLE, code)
    code_bits, implementation = draw(st.integers(2, 8)), draw(implementations(lanes))
    return half_config(lanes * groups, lanes, adc, code_bits, implementation=implementation)


@st.composite
def formats(draw: Draw, most: int, signed: bool | None = None, fraction: int = REGISTER_BITS) -> Format:
    """A format of at most `most` bits; `signed` None: of either kind."""
    sign = draw(st.booleans()) if signed is None else signed
    width = draw(st.integers(1, most))
    integer = draw(st.integers(max(int(sign), width - fraction), width))
    return Format(sign, integer, width - integer)


def geometries() -> st.SearchStrategy[tuple[int, int]]:
    """Lanes and groups; seldom more columns than a mask register has bits."""
    return st.tuples(st.integers(1, _MOST_LANES), st.sampled_from((1, 1, 2, 2, 3, 3, 4, 5, 17)))


@st.composite
def compressions(draw: Draw, bits: int) -> Compression:
    """A compression that removes `bits` bits at shift 0."""
    before = draw(st.integers(0, bits))
    after = draw(st.integers(0, bits - before))
    return Compression(draw(st.sampled_from(Rounding)), draw(st.sampled_from(Overflow)), before, after)


def implementations(lanes: int) -> st.SearchStrategy[Implementation]:
    gates = [0, *(number for number in range(1, lanes + 1) if lanes % number == 0)]
    return st.builds(Implementation, st.sampled_from(Reset), st.sampled_from(gates))


_NUMBERS = st.sampled_from((0, 1, 2, 63, 64, 4096, 2**31, 2**63 - 1, -(2**63), 1 << 70)) | st.integers(-70, 70)
_FORMATS = st.builds("{}{}.{}".format, st.sampled_from("USu"), st.integers(-1, 70), st.integers(-1, 70))
_WORDS = st.sampled_from([str(member) for kind in (AdcMode, Rounding, Overflow, Reset, Arithmetic) for member in kind])
_VALUES: st.SearchStrategy[Any] = st.recursive(
    _NUMBERS | _FORMATS | _WORDS | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=3,
)
"""Whatever may stand behind a key of a TOML file, but dates."""


@st.composite
def descriptions(draw: Draw) -> dict[str, Any]:
    """The contents of a TOML file that is near one of a unit."""
    return draw(altered(draw(configs() | half_configs()).as_dict(), _VALUES))
