"""Causes in the arithmetic: how numbers are rounded and cut, and which of them count as negative."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from nmpu_bringup.diagnosis.hypothesis import Hypothesis, if_output, if_set_up
from nmpu_bringup.diagnosis.scene import Codes, Scene
from nmpu_bringup.diagnosis.stages import Setup, wired
from nmpu_model.types import Integers
from nmpu_spec.config import Config
from nmpu_spec.formats import Format
from nmpu_spec.overflow import Overflow
from nmpu_spec.rounding import Rounding

_WIDE = ("all", "lane")
_STAGES = {"affine": ("affine",), "output": ("output",), "both compressions": ("affine", "output")}

Change = Callable[[Setup], Setup]


def rounding(scene: Scene) -> Iterator[Hypothesis]:
    """Another rounding mode in one of the compressions, or in both."""
    for where, sections in _STAGES.items():
        right = {str(getattr(scene.config, section).compression.rounding) for section in sections}
        for mode in Rounding:
            if str(mode) in right:
                continue
            fault = f"is {mode} instead of {' and '.join(sorted(right))}"
            predict = if_set_up(scene, _compressing(sections, "rounding", mode))
            yield Hypothesis("rounding mode", f"rounding of {where}", fault, where, predict, _WIDE)


def overflow(scene: Scene) -> Iterator[Hypothesis]:
    """A number that its format cannot hold wraps where it should saturate, or the other way round."""
    for where, sections in _STAGES.items():
        right = {str(getattr(scene.config, section).compression.overflow) for section in sections}
        for mode in Overflow:
            if str(mode) in right:
                continue
            fault = "wraps, saturation is missing" if mode is Overflow.WRAP else "saturates, must wrap"
            predict = if_set_up(scene, _compressing(sections, "overflow", mode))
            yield Hypothesis("saturation", f"overflow of {where}", fault, where, predict, _WIDE)


def branches(scene: Scene) -> Iterator[Hypothesis]:
    """P and N taken for each other."""
    if "n" not in scene.config.branches:
        return
    changes: dict[str, Change] = {
        "codes": _swapped_codes,
        "parameters": _swapped_parameters,
        "codes and parameters": lambda setup: _swapped_parameters(_swapped_codes(setup)),
    }
    for subject, change in changes.items():
        fault = "of P and N are swapped"
        yield Hypothesis("P and N swapped", subject, fault, "affine", if_set_up(scene, change), _WIDE)
    fault = "is added instead of subtracted"
    yield Hypothesis("P and N swapped", "branch N", fault, "affine", if_set_up(scene, _added), _WIDE)


def signs(scene: Scene) -> Iterator[Hypothesis]:
    """Numbers whose sign bit is read as a digit, or the other way round."""
    config = scene.config
    nodes = {
        **{f"scale_{branch}": config.affine.scale for branch in config.branches},
        **{f"offset_{branch}": config.affine.offset for branch in config.branches},
        "gain": config.norm.gain,
        "bias": config.norm.bias,
    }
    groups = [[name] for name in nodes]
    if len(config.branches) > 1:
        groups += [["offset_p", "offset_n"], ["scale_p", "scale_n"]]
    for names in groups:
        node = nodes[names[0]]
        subject, fault = " and ".join(names), f"read as {_kind(node)}"
        stage = "norm" if names[0] in ("gain", "bias") else "affine"
        yield Hypothesis("sign", subject, fault, stage, if_set_up(scene, _read_otherwise(names, node)), _WIDE)
    code = config.adc.code
    fault = f"read as {_kind(code)}"
    yield Hypothesis("sign", "ADC codes", fault, "affine", if_set_up(scene, _codes_otherwise(code)), _WIDE)

    def zero_extended(case: int) -> Codes:
        bits = scene.setups[case].layer.out_bits
        return if_output(scene, lambda codes: codes & ((1 << bits) - 1))(case)

    yield Hypothesis("sign", "output codes", "are zero-extended to the field", "output", zero_extended, _WIDE)


def _compressing(sections: tuple[str, ...], key: str, mode: Rounding | Overflow) -> Change:
    def change(setup: Setup) -> Setup:
        return replace(setup, config=_with_mode(setup.config, sections, key, mode))

    return change


def _with_mode(config: Config, sections: tuple[str, ...], key: str, mode: Rounding | Overflow) -> Config:
    changed = {}
    for section in sections:
        part = getattr(config, section)
        changed[section] = replace(part, compression=replace(part.compression, **{key: mode}))
    return replace(config, **changed)


def _swapped_codes(setup: Setup) -> Setup:
    assert setup.n is not None
    return replace(setup, p=setup.n, n=setup.p)


def _swapped_parameters(setup: Setup) -> Setup:
    other = {"scale_p": "scale_n", "scale_n": "scale_p", "offset_p": "offset_n", "offset_n": "offset_p"}
    return replace(setup, parameters={name: setup.parameters[other.get(name, name)] for name in setup.parameters})


def _added(setup: Setup) -> Setup:
    assert setup.n is not None
    negated = {**setup.parameters, "offset_n": -setup.parameters["offset_n"]}
    return replace(setup, n=-setup.n, parameters=negated)


def _kind(node: Format) -> str:
    return "unsigned" if node.signed else "signed"


def _otherwise(raws: Integers, node: Format) -> Integers:
    """`raws` of `node` with the sign bit read as a digit, or the top digit as a sign."""
    return wired(raws, Format(not node.signed, node.width, 0))


def _read_otherwise(names: list[str], node: Format) -> Change:
    def change(setup: Setup) -> Setup:
        return replace(
            setup, parameters={**setup.parameters, **{name: _otherwise(setup.parameters[name], node) for name in names}}
        )

    return change


def _codes_otherwise(node: Format) -> Change:
    def change(setup: Setup) -> Setup:
        n = None if setup.n is None else _otherwise(setup.n, node)
        return replace(setup, p=_otherwise(setup.p, node), n=n)

    return change
