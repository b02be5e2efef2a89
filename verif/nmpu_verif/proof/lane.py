"""A lane, every register of it: what it holds after the next clock, for every state and input.

With these claims a column's code is the composition of the stages' definitions: a group's operands enter one register,
and each clock moves them into the next one through exactly one definition.
"""

from collections.abc import Iterator

import z3

from nmpu_hw.settings import layer_settings
from nmpu_spec.config import Config
from nmpu_spec.parameters import WORD_BITS, inject_fields, inject_words, parameter_fields, parameter_words
from nmpu_spec.registers import BANKS, CAPTURE_SLOTS, INJECT_SLOT
from nmpu_verif.proof import definitions
from nmpu_verif.proof.claim import Claim, all_cases
from nmpu_verif.proof.definitions import number
from nmpu_verif.proof.machine import Machine, after, machine
from nmpu_verif.proof.stages import BITS_OF_CODE, in_words, low_bits, masked


def lane_claims(config: Config, verilog: str, module: str) -> Iterator[Claim]:
    """The lane called `module` in the unit's `verilog`."""
    lane = machine(verilog, module)
    yield from _fetch(config, lane)
    yield from _parameters(config, lane)
    yield _affine(config, lane)
    yield _norm(config, lane)
    yield _residual(config, lane)
    yield from _output(config, lane)
    yield _host(config, lane)


def settings_of(config: Config, wires: z3.BitVecRef) -> dict[str, z3.BitVecRef]:
    """The fields of a layer's settings."""
    return {
        name: z3.Extract(field.offset + field.width - 1, field.offset, wires) for name, field in layer_settings(config)
    }


def loaded(lane: Machine, register: str, enable: z3.BitVecRef, value: z3.BitVecRef) -> z3.BoolRef:
    """The register takes `value` with the next clock where `enable` is high, and keeps what it has otherwise."""
    return after(lane, register) == z3.If(enable == 1, value, lane.signals[register])


def _fetch(config: Config, lane: Machine) -> Iterator[Claim]:
    ports = lane.inputs
    for field in inject_fields(config):
        if field.name == "rx":
            continue
        name = f"path.code_{field.name}"
        load = ports["load_fetch"] & ~ports["test"]
        injected = z3.Extract(field.msb, field.lsb, ports["host_data"])
        wanted = z3.If(
            ports[f"inject_{field.word}"] == 1,
            injected,
            z3.If(load == 1, ports[f"code_{field.name}"], lane.signals[name]),
        )
        yield Claim(f"{lane.name}: fetch takes code_{field.name}, or what is injected", after(lane, name) == wanted)


def _parameters(config: Config, lane: Machine) -> Iterator[Claim]:
    """Write a word, read a word, hand its fields to the stages."""
    ports, depth = lane.inputs, BANKS * config.groups
    for word in range(parameter_words(config)):
        fields = [field for field in parameter_fields(config) if field.word == word]
        stage, width = fields[0].stage, fields[-1].msb + 1
        memory = f"memory_{stage}_{word}"
        words = [f"{memory}.words[{place}]" for place in range(depth)]
        stored = z3.And(
            *(
                lane.following[name]
                == z3.If(
                    z3.And(ports[f"write_{word}"] == 1, ports["write_address"] == place),
                    z3.Extract(width - 1, 0, ports["host_data"]),
                    lane.registers[name],
                )
                for place, name in enumerate(words)
            )
        )
        yield Claim(f"{lane.name}: {memory} stores a word at its address, and keeps the others", stored)
        address = ports[f"{stage}_address"]
        read = lane.registers[words[-1]]
        for place, name in reversed(list(enumerate(words[:-1]))):
            read = z3.If(address == place, lane.registers[name], read)
        output = f"{memory}.read_data"
        yield Claim(
            f"{lane.name}: {memory} delivers the word that is read, and holds it",
            loaded(lane, output, ports[f"{stage}_read"], read),
            assuming=[z3.ULT(address, depth)] if depth < 1 << address.size() else [],
        )
        handed = [
            lane.signals[f"path.{field.name}"] == z3.Extract(field.msb, field.lsb, lane.signals[output])
            for field in fields
        ]
        yield Claim(f"{lane.name}: {', '.join(field.name for field in fields)} come from {memory}", z3.And(*handed))


def _affine(config: Config, lane: Machine) -> Claim:
    path = {name: lane.signals[f"path.{name}"] for name in _affine_operands(config)}
    exact = definitions.affine(config, path).at(config.sum_format.fraction)
    target = config.affine.corrected
    wanted = definitions.compressed(config.affine.compression, exact, config.sum_format, target)
    load = lane.inputs["load_affine"]
    term = z3.And(
        loaded(lane, "path.corrected", load, low_bits(wanted.code, target.width)),
        *(
            loaded(lane, name, load, low_bits(flag, 1))
            for name, flag in (("affine_high", wanted.high), ("affine_low", wanted.low))
        ),
    )
    return Claim(f"{lane.name}: register affine = {target} of the sum, {in_words(config.affine.compression)}", term)


def _affine_operands(config: Config) -> list[str]:
    return [f"{name}_{branch}" for branch in config.branches for name in ("code", "scale", "offset")]


def _norm(config: Config, lane: Machine) -> Claim:
    corrected, gain, bias = (lane.signals[f"path.{name}"] for name in ("corrected", "gain", "bias"))
    exact = definitions.norm(config, number(corrected, config.affine.corrected), gain, bias)
    node = config.norm_format
    wanted = low_bits(exact.at(node.fraction), node.width)
    return Claim(f"{lane.name}: register norm = g*y + b", loaded(lane, "path.norm", lane.inputs["load_norm"], wanted))


def _residual(config: Config, lane: Machine) -> Claim:
    ports, node = lane.inputs, config.total_format
    # A variable for each setting, so that the proof can be split by them.
    parts = {name: z3.BitVec(f"layer_residual.{name}", field.width) for name, field in layer_settings(config)}
    layer = z3.Concat(*reversed(parts.values()))
    normed = number(lane.signals["path.norm"], config.norm_format)
    value = definitions.relu(normed, parts["relu_1"])
    total = definitions.relu(definitions.residual(config, value, _rx(config, lane), parts), parts["relu_2"])
    term = loaded(lane, "path.total", ports["load_residual"], low_bits(total.at(node.fraction), node.width))
    low, high = config.norm_range
    switches = [f"layer_residual.{name}" for name in ("rx_on", "rx_signed", "relu_1", "relu_2")]
    return Claim(
        f"{lane.name}: register residual = relu_2(relu_1(norm) + r*rx), ReLUs and rx where they are on",
        z3.substitute(term, (ports["layer_residual"], layer)),
        assuming=[(normed.raw >= low).term, (normed.raw <= high).term],
        cases=all_cases(**dict.fromkeys((*switches, str(_test(lane))), (0, 1))),
        where=f"norm from {low} to {high} as it leaves the stage before",
    )


def _test(lane: Machine) -> z3.BitVecRef:
    """The lane's own copy of the test mode: the register that takes the port ``test``."""
    return next(lane.registers[name] for name, term in lane.following.items() if z3.eq(term, lane.inputs["test"]))


def _rx(config: Config, lane: Machine) -> z3.BitVecRef:
    """rx from the stream; in test mode the injected code, which waits in the register ``output``."""
    waiting = z3.Extract(config.residual.code_bits - 1, 0, lane.signals["code"])
    return z3.If(_test(lane) == 1, waiting, lane.inputs["rx"])


def _output(config: Config, lane: Machine) -> Iterator[Claim]:
    ports, load = lane.inputs, lane.inputs["load_output"]
    settings = settings_of(config, ports["layer_output"])
    total = number(lane.signals["path.total"], config.total_format).raw
    wanted = definitions.output(config, total, settings)
    code, high, low = (masked(one, ports["enable"]) for one in (wanted.code, wanted.high, wanted.low))
    field = next(field for field in inject_fields(config) if field.name == "rx")
    injected = z3.Extract(field.msb, field.lsb, ports["host_data"])
    next_code = z3.If(
        ports[f"inject_{field.word}"] == 1,
        z3.ZeroExt(BITS_OF_CODE - injected.size(), injected) if injected.size() < BITS_OF_CODE else injected,
        z3.If(load == 1, low_bits(code, BITS_OF_CODE), lane.signals["code"]),
    )
    term = z3.And(
        after(lane, "code") == next_code,
        loaded(lane, "output_high", load, low_bits(high, 1)),
        loaded(lane, "output_low", load, low_bits(low, 1)),
        loaded(lane, "enabled", load, ports["enable"]),
    )
    how = f"{in_words(config.output.compression)}, every shift, width, sign"
    yield Claim(f"{lane.name}: register output = the code of the register residual, {how}", term)


def _host(config: Config, lane: Machine) -> Claim:
    """What the register bus reads in a lane."""
    ports = lane.inputs
    answer = z3.BitVecVal(0, WORD_BITS)
    words: list[tuple[int, int, z3.BitVecRef]] = []
    for word in range(parameter_words(config)):
        stage = next(field.stage for field in parameter_fields(config) if field.word == word)
        words.append((0, 1 + word, _extended(lane.signals[f"memory_{stage}_{word}.read_data"], signed=False)))
    for word in range(inject_words(config)):
        value = z3.BitVecVal(0, WORD_BITS)
        for field in inject_fields(config):
            if field.word == word and field.name != "rx":
                code = lane.signals[f"path.code_{field.name}"]
                value = value | (_extended(code, signed=False) << field.lsb)
        words.append((1, INJECT_SLOT + word, value))
    for name, slot in CAPTURE_SLOTS.items():
        wires = lane.signals["code" if name == "code" else f"path.{name}"]
        words.append((1, slot, _half(wires, ports["capture_high"], signed=name != "code")))
    for test, slot, value in words:
        answer = z3.If(z3.And(ports["host_test"] == test, ports["host_slot"] == slot), value, answer)
    return Claim(
        f"{lane.name}: the bus reads every parameter, injected code and captured number as the register map says",
        lane.signals["host_read_data"] == answer,
    )


def _extended(wires: z3.BitVecRef, signed: bool) -> z3.BitVecRef:
    more = WORD_BITS - wires.size()
    if not more:
        return wires
    return z3.SignExt(more, wires) if signed else z3.ZeroExt(more, wires)


def _half(wires: z3.BitVecRef, upper: z3.BitVecRef, signed: bool) -> z3.BitVecRef:
    """A captured number; of one that is longer than a word the half that is asked for."""
    if wires.size() <= WORD_BITS:
        return _extended(wires, signed)
    high = _extended(z3.Extract(wires.size() - 1, WORD_BITS, wires), signed)
    return z3.If(upper == 1, high, z3.Extract(WORD_BITS - 1, 0, wires))
