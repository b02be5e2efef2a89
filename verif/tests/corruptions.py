"""Ways in which a dump is wrong, made with numpy and the golden model's own `run`, and what must be said of each."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from dumps import SMALL_TOML, Corrupt, Fields, bundle_cases, model

from nmpu_bringup.bundle.golden import GoldenCase
from nmpu_model.program import Layer, Program
from nmpu_spec.load import parse
from nmpu_spec.overflow import Overflow
from nmpu_spec.rounding import Rounding

CONFIG = parse(SMALL_TOML, "small")
LANES, GROUPS = CONFIG.lanes, CONFIG.groups
CASES = bundle_cases(CONFIG)
NAMES = [golden.place for golden in CASES]


def lane(lane: int, change: Callable[[Fields], Fields]) -> Corrupt:
    def corrupt(_: int, golden: GoldenCase) -> Fields:
        fields = golden.fields.copy()
        fields[:, lane::LANES] = change(fields[:, lane::LANES])
        return fields

    return corrupt


def _ordered(sources: list[int]) -> Corrupt:
    return lambda _, golden: golden.fields[:, sources]


def layer(change: Callable[[Layer], Layer], only: int | None = None) -> Corrupt:
    def corrupt(number: int, golden: GoldenCase) -> Fields:
        program = golden.case.program
        layer = change(program.layer) if only in (None, number) else program.layer
        rx = golden.case.traffic.rx
        if rx is not None and layer.rx_signed != program.layer.rx_signed:
            rx = (rx & 0xFF) - 256 * (layer.rx_signed & (rx & 0x80 != 0))
        return model(golden, program=replace(program, layer=layer), rx=rx if layer.rx_on else None)

    return corrupt


def _compressing(section: str, **mode: object) -> Corrupt:
    part = getattr(CONFIG, section)
    compression = replace(part.compression, **mode)
    other = replace(CONFIG, **{section: replace(part, compression=compression)})
    return lambda _, golden: model(golden, program=replace(golden.case.program, config=other))


def _parameter(name: str, columns: list[int], change: Callable[[int], int], only: int | None = None) -> Corrupt:
    def corrupt(number: int, golden: GoldenCase) -> Fields:
        program = golden.case.program
        if only not in (None, number):
            return golden.fields
        raws = program.parameters[name].copy()
        for column in columns:
            raws[column] = change(int(raws[column]))
        return model(golden, program=replace(program, parameters={**program.parameters, name: raws}))

    return corrupt


def _loaded(take: Callable[[Program, Program], Program], only: int | None = None) -> Corrupt:
    """From some case on a load does not happen: the program keeps something of the case before."""

    def corrupt(number: int, golden: GoldenCase) -> Fields:
        if only not in (None, number):
            return golden.fields
        before = CASES[max(number - 1, 0)].case.program
        return model(golden, program=take(golden.case.program, before))

    return corrupt


def _word_of(column: int, own: Program, other: Program) -> Program:
    """The affine word of one column is the other program's."""
    parameters = {name: raws.copy() for name, raws in own.parameters.items()}
    for name in ("scale_p", "offset_p", "scale_n", "offset_n"):
        parameters[name][column] = other.parameters[name][column]
    return replace(own, parameters=parameters)


def two_faults(number: int, golden: GoldenCase) -> Fields:
    return lane(1, lambda codes: codes | 4)(number, golden) & ~np.array([0] * 7 + [1] + [0] * 4, np.uint8)


CORNER_5, TIE_2 = NAMES.index("corners/corner_5"), NAMES.index("ties/tie_output_2")

# What is wrong, the cause that must be named first, and words that its description must have.
CORRUPTIONS: dict[str, tuple[Corrupt, str, tuple[str, ...]]] = {
    "stuck output bit of a column": (
        lambda _, golden: golden.fields | np.array([0] * 6 + [32] + [0] * 5, np.uint8),
        "stuck output bit",
        ("output bit 5 is stuck at 1", "column 6 (group 1, lane 2)"),
    ),
    "stuck output bit of a lane": (
        lane(2, lambda codes: codes & 0x7F),
        "stuck output bit",
        ("output bit 7 is stuck at 0", "lane 2"),
    ),
    "stuck output bit of all": (
        lambda _, golden: golden.fields | 1,
        "stuck output bit",
        ("output bit 0 is stuck at 1", "every column"),
    ),
    "swapped output bits of a lane": (
        lane(1, lambda codes: codes & 0xBD | (codes & 2) << 5 | (codes & 64) >> 5),
        "swapped output bits",
        ("output bits 1 and 6 are swapped", "lane 1"),
    ),
    "inverted output bit": (
        lambda _, golden: golden.fields ^ 16,
        "inverted output bit",
        ("output bit 4 is inverted", "every column"),
    ),
    "parameter of a column, every case": (
        _parameter("bias", [4], lambda _: 12345),
        "wrong parameter",
        ("bias has another value", "column 4 (group 1, lane 0)", "column 4: raw 123"),
    ),
    "parameter bit of a column, every case": (
        _parameter("offset_p", [10], lambda raw: raw | 16),
        "wrong parameter",
        ("offset_p has bit 4 stuck at 1", "column 10 "),
    ),
    "parameter bit of a column, one case": (
        _parameter("scale_n", [7], lambda raw: raw ^ 64, only=CORNER_5),
        "wrong parameter",
        ("scale_n", "has bit 6 wrong", "column 7 ", "only in case corners/corner_5"),
    ),
    "parameters of two columns": (
        _parameter("gain", [2, 9], lambda _: 333),
        "wrong parameter",
        ("gain has another value", "columns 2, 9", "column 9: raw 333 fits"),
    ),
    "stale word of a column": (
        _loaded(lambda own, other: _word_of(8, own, other)),
        "stale",
        ("affine parameters (word 0): not loaded, still as in the case before", "column 8 "),
    ),
    "stale parameters": (
        _loaded(lambda own, other: replace(own, parameters=other.parameters), only=TIE_2),
        "stale",
        ("all parameters: not loaded, still as in the case before", "only in case ties/tie_output_2"),
    ),
    "stale bank": (
        _loaded(lambda _, other: other, only=TIE_2),
        "stale",
        ("the whole bank: not loaded, still as in the case before", "only in case ties/tie_output_2"),
    ),
    "stale rx_scale": (
        _loaded(lambda own, other: replace(own, layer=replace(own.layer, rx_scale=other.layer.rx_scale))),
        "stale",
        ("register rx_scale: not loaded, still as in the case before",),
    ),
    "columns one off": (
        _ordered([(column + 1) % 12 for column in range(12)]),
        "column order",
        ("output codes: each column gets the next one's", "every column"),
    ),
    "columns swapped in pairs": (
        _ordered([column ^ 1 for column in range(12)]),
        "column order",
        ("output codes: neighbouring lanes are swapped",),
    ),
    "two columns exchanged": (
        _ordered([0, 1, 9, 3, 4, 5, 6, 7, 8, 2, 10, 11]),
        "column order",
        ("output codes: columns 2 and 9 are exchanged",),
    ),
    "groups one off": (
        _ordered([(column - LANES) % 12 for column in range(12)]),
        "group order",
        ("output codes: each group gets the previous one's",),
    ),
    "groups reversed": (
        _ordered([8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3]),
        "group order",
        ("output codes: the groups are in reverse order",),
    ),
    "column index transposed": (
        _ordered([column % GROUPS * LANES + column // GROUPS for column in range(12)]),
        "column order",
        ("lanes + ",),
    ),
    **{
        f"{section} rounds {mode}": (
            _compressing(section, rounding=mode),
            "rounding mode",
            (f"rounding of {section} is {mode} instead of half_up",),
        )
        for section in ("affine", "output")
        for mode in (Rounding.FLOOR, Rounding.HALF_EVEN, Rounding.HALF_AWAY)
    },
    **{
        f"{section} wraps": (
            _compressing(section, overflow=Overflow.WRAP),
            "saturation",
            (f"overflow of {section} wraps",),
        )
        for section in ("affine", "output")
    },
    **{
        f"ReLU {number} {'on' if on else 'off'}": (
            layer(lambda layer, number=number, on=on: replace(layer, **{f"relu_{number}": on})),
            "ReLU",
            (f"ReLU {number} is {'on' if on else 'off'}, whatever was loaded", "every column"),
        )
        for number in (1, 2)
        for on in (False, True)
    },
    "RX off": (layer(lambda layer: replace(layer, rx_on=False)), "RX enable", ("RX is off",)),
    "shift constant": (layer(lambda layer: replace(layer, shift=2)), "shift", ("shift is 2, whatever",)),
    "shift bit": (
        layer(lambda layer: replace(layer, shift=layer.shift & ~4)),
        "shift",
        ("shift has bit 2 stuck at 0",),
    ),
    "shift of one case": (
        layer(lambda layer: replace(layer, shift=5), only=TIE_2),
        "shift",
        ("shift is 5", "only in case ties/tie_output_2"),
    ),
    "output width": (
        layer(lambda layer: replace(layer, out_bits=6)),
        "output width",
        ("output codes have 6 bits",),
    ),
    "dead lane": (lane(3, lambda codes: codes * 0), "dead lane", ("code is 0x00 whatever goes in", "lane 3")),
    "lane at a constant": (lane(0, lambda codes: codes * 0 + 0xA7), "dead lane", ("code is 0xa7", "lane 0")),
    "output codes unsigned": (
        layer(lambda layer: replace(layer, out_signed=False)),
        "sign",
        ("output codes are unsigned",),
    ),
    "output codes not sign-extended": (
        lambda _, golden: golden.fields & np.uint8((1 << golden.case.program.layer.out_bits) - 1),
        "sign",
        ("output codes are zero-extended to the field",),
    ),
    "rx signed": (layer(lambda layer: replace(layer, rx_signed=True)), "sign", ("rx codes are read as signed",)),
    "P and N swapped": (
        lambda _, golden: model(golden, p=golden.case.traffic.n, n=golden.case.traffic.p),
        "P and N swapped",
        ("codes of P and N are swapped",),
    ),
    "mask ignored": (
        lambda _, golden: model(golden, program=replace(golden.case.program, mask=np.ones(12, bool))),
        "mask",
        ("column is enabled",),
    ),
}
