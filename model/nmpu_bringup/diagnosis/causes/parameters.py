"""Causes in what was loaded per column: stuck bits of the parameter memories, and loads that did not happen."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from nmpu_bringup.diagnosis.hypothesis import ALL_CASES, ANY_CASES, ONE_CASE, Hypothesis, if_set_up
from nmpu_bringup.diagnosis.places import KINDS
from nmpu_bringup.diagnosis.scene import Codes, Scene
from nmpu_bringup.diagnosis.stages import Setup, answers, setup_of, wired
from nmpu_model.program import Layer, Program
from nmpu_model.script import read_program
from nmpu_model.types import Integers
from nmpu_spec.config import Config
from nmpu_spec.parameters import PackedField, parameter_fields
from nmpu_spec.registers import register_map

Mix = Callable[[Setup, Setup], Setup]
"""The first setup, with something of the second one."""


def parameter_bits(scene: Scene) -> Iterator[Hypothesis]:
    """A parameter bit that is stuck in every case, or was another one in one case."""
    for field in parameter_fields(scene.config):
        for bit in range(field.format.width):
            mask = 1 << bit
            for words, fault, kinds, one_case in (
                (f"has bit {bit} stuck at 0", lambda raws, mask=mask: raws & ~mask, KINDS, ALL_CASES),
                (f"has bit {bit} stuck at 1", lambda raws, mask=mask: raws | mask, KINDS, ALL_CASES),
                (f"has bit {bit} wrong", lambda raws, mask=mask: raws ^ mask, ("column",), ONE_CASE),
            ):
                if one_case is ONE_CASE and len(scene.cases) == 1:
                    continue
                predict = if_set_up(scene, _with(field, fault))
                yield Hypothesis("wrong parameter", field.name, words, field.stage, predict, kinds, one_case)


def stale(scene: Scene) -> Iterator[Hypothesis]:
    """Something was not loaded: it is what the case before, or any other one, had loaded, or what reset leaves."""
    for what, (mix, kinds) in _loads(scene.config).items():
        for whose, others in _sources(scene).items():
            fault = f"not loaded, still as {whose}"
            yield Hypothesis("stale", f"{what}:", fault, "registers", _mixed(scene, mix, others), kinds, ANY_CASES)


def _sources(scene: Scene) -> dict[str, list[Setup]]:
    """Whose numbers may still be there, for each compared case."""
    own = scene.setups
    found = {"in the case before": [own[0], *own[:-1]]} if len(own) > 1 else {}
    for golden in (*scene.cases, *scene.left_out):
        found[f"in case {golden.place}"] = [setup_of(golden)] * len(own)
    reset = _reset_program(scene.config)
    found["after reset (parameters 0)"] = [
        replace(setup, layer=reset.layer, parameters=reset.parameters, mask=reset.mask) for setup in own
    ]
    return found


def _reset_program(config: Config) -> Program:
    bank = [register for register in register_map(config) if register.name.startswith("bank[0].")]
    return read_program(config, (f"w {register.address:x} {register.pack():x}" for register in bank), 0)


def _loads(config: Config) -> dict[str, tuple[Mix, tuple[str, ...]]]:
    """What is loaded in one go, from the most to the least; and where it can be missing."""
    fields = parameter_fields(config)
    names = [field.name for field in fields]
    found: dict[str, tuple[Mix, tuple[str, ...]]] = {
        "the whole bank": (
            lambda own, other: replace(own, layer=other.layer, parameters=other.parameters, mask=other.mask),
            ("all",),
        ),
        "register layer": (
            lambda own, other: replace(own, layer=_keeping_rx_scale(own.layer, other.layer)),
            ("all",),
        ),
        "register rx_scale": (
            lambda own, other: replace(own, layer=replace(own.layer, rx_scale=other.layer.rx_scale)),
            ("all",),
        ),
        "the mask": (lambda own, other: replace(own, mask=other.mask), ("all", "column")),
        "all parameters": (_parameters(names), KINDS),
    }
    for stage in ("affine", "norm"):
        of_stage = [field.name for field in fields if field.stage == stage]
        words = sorted({field.word for field in fields if field.stage == stage})
        found[f"{stage} parameters (word {', '.join(map(str, words))})"] = (_parameters(of_stage), KINDS)
        if len(words) > 1:
            for word in words:
                of_word = [field.name for field in fields if field.word == word]
                found[f"parameter word {word}"] = (_parameters(of_word), KINDS)
    return found


def _keeping_rx_scale(own: Layer, other: Layer) -> Layer:
    return replace(other, rx_scale=own.rx_scale)


def _parameters(names: list[str]) -> Mix:
    return lambda own, other: replace(
        own, parameters={**own.parameters, **{name: other.parameters[name] for name in names}}
    )


def _mixed(scene: Scene, mix: Mix, others: list[Setup]) -> Callable[[int], Codes]:
    return lambda case: answers(mix(scene.setups[case], others[case]))


def _with(field: PackedField, fault: Callable[[Integers], Integers]) -> Callable[[Setup], Setup]:
    def change(setup: Setup) -> Setup:
        raws = wired(fault(setup.parameters[field.name]), field.format)
        return replace(setup, parameters={**setup.parameters, field.name: raws})

    return change
