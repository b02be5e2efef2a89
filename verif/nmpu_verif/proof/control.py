"""The sequencer equals the cycle model: `CycleModel.step` itself, run on symbolic inputs and states."""

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

import z3

from nmpu_hw.sequencer import COUNTED, group_layout
from nmpu_spec.config import Config
from nmpu_spec.cycles import CycleModel, Group
from nmpu_spec.registers import BANKS
from nmpu_verif.proof.claim import Claim
from nmpu_verif.proof.machine import Machine, after, machine
from nmpu_verif.proof.symbolic import Bool, Int, evaluate_all

_IN = ("adc_valid", "rx_valid", "out_ready", "enable")


class _PerBank(Sequence[Any]):
    """A setting of each bank, looked up by a symbolic bank."""

    def __init__(self, bits: z3.BitVecRef) -> None:
        self._bits = bits

    def __len__(self) -> int:
        return BANKS

    def __getitem__(self, bank: Any) -> Any:
        number = Int.of(bank)
        one = [z3.Extract(place, place, self._bits) == 1 for place in range(BANKS)]
        return Bool(z3.If((number == 0).term, one[0], one[1]))


def control_claims(config: Config, verilog: str, module: str) -> Iterator[Claim]:
    """One claim for each set of pipeline registers that hold a group; then what reset does."""
    sequencer = machine(verilog, module)
    registers = config.pipeline.registers
    for held in product((False, True), repeat=len(registers)):
        names = [name for name, full in zip(registers, held, strict=True) if full]
        state = _State(config, sequencer, held)
        terms = [*_step(config, sequencer, state), *_banks(sequencer, state), *_marks(config, sequencer, state)]
        text = f"{module} = CycleModel.step, groups in {', '.join(names) or 'no register'}"
        yield Claim(text, state.put(z3.And(terms)), [state.put(one) for one in state.invariants])
    yield _reset(config, sequencer)


class _State:
    """A state of the sequencer and the same one of the cycle model; `held`: which registers hold a group."""

    def __init__(self, config: Config, sequencer: Machine, held: Sequence[bool]) -> None:
        self.config = config
        self._layout = group_layout(config)
        self._registers = config.pipeline.registers
        self.rx_on = _PerBank(sequencer.inputs["rx_on"])
        self._moves: list[tuple[z3.BitVecRef, z3.BitVecRef]] = []
        # With one group for all columns there is no vector in progress between two clocks, and no register for it.
        self.index = sequencer.signals["index"]
        self.begun, self.next_begun = z3.BitVecVal(0, 1), z3.BitVecVal(0, 1)
        if "bank_begun" in sequencer.registers:
            self.begun, self.next_begun = sequencer.registers["bank_begun"], sequencer.following["bank_begun"]
        self.invariants = [z3.ULT(self.index, config.groups)]
        self._groups: list[Group | None] = []
        for register, full in zip(self._registers, held, strict=True):
            fields = {
                name: z3.BitVec(f"{register}.{name}", field.width) for name, field in self._layout if name != "valid"
            }
            fields["valid"] = z3.BitVecVal(int(full), 1)
            wires = z3.Concat(*(fields[name] for name, _ in reversed(list(self._layout))))
            self._moves.append((sequencer.registers[f"slot_{register}"], wires))
            bank = Int.raw(fields["bank"], signed=False)
            # A bank is locked while a group uses it: the setting is still the one that the group began with.
            group = Group(
                Int.raw(fields["index"], signed=False),  # type: ignore[arg-type]
                Bool(fields["last"] == 1),  # type: ignore[arg-type]
                self.rx_on[bank],
                bank,  # type: ignore[arg-type]
            )
            self._groups.append(group if full else None)

    def put(self, term: Any) -> Any:
        """`term` of the RTL, in this state."""
        return z3.substitute(term, *self._moves)

    def model(self) -> CycleModel:
        """A fresh cycle model in this state."""
        model = CycleModel(self.config)
        model._slots = list(self._groups)
        model._index = Int.raw(self.index, signed=False)  # type: ignore[assignment]
        model._bank = Int.raw(self.begun, signed=False)  # type: ignore[assignment]
        return model

    def field(self, wires: z3.BitVecRef, name: str) -> z3.BitVecRef:
        place = self._layout[name]
        return z3.Extract(place.offset + place.width - 1, place.offset, wires)


def _step(config: Config, sequencer: Machine, state: _State) -> Iterator[z3.BoolRef]:
    """Pins, counters, loads, and the next state."""
    ports, registers = sequencer.inputs, config.pipeline.registers
    pins = {name: Bool(ports[name] == 1) for name in _IN}
    bank = Int.raw(ports["bank_select"], signed=False)

    def step() -> dict[str, Any]:
        model = state.model()
        before = list(model._slots)
        active = model.active_bank(bank)  # type: ignore[arg-type]
        hands = model.step(**pins, bank=bank, rx_on=state.rx_on)  # type: ignore[arg-type]
        found: dict[str, Any] = {name: getattr(hands, name) for name in ("adc_ready", "rx_ready", "out_valid")}
        found |= {"bank": active, "index": model._index, "begun": model._bank}
        found |= {name: hands.counted == name for name in COUNTED}
        for name, old, new in zip(registers, before, model._slots, strict=True):
            found[f"load_{name}"] = new is not None and new is not old
            found[f"{name}.valid"] = new is not None
            for part in ("index", "last", "bank"):
                found[f"{name}.{part}"] = getattr(new, part) if new is not None else 0
        return found

    wanted = evaluate_all(step)

    def same(wires: z3.BitVecRef, name: str) -> z3.BoolRef:
        return (Int.raw(wires, signed=False) == wanted[name]).term

    running = ports["rst"] == 0
    for name in ("adc_ready", "rx_ready", "out_valid", "bank", *(f"load_{name}" for name in registers)):
        yield same(sequencer.signals[name], name)
    for place, name in enumerate(COUNTED):
        yield same(z3.Extract(place, place, sequencer.signals["counted"]), name)
    index = after(sequencer, "index")
    yield z3.Implies(running, same(index, "index"))
    # Which bank a vector began with matters while it is in progress only.
    began = z3.Or(index == 0, same(state.next_begun, "begun"))
    yield z3.Implies(running, began)
    for name in registers:
        slot = sequencer.following[f"slot_{name}"]
        yield z3.Implies(running, same(state.field(slot, "valid"), f"{name}.valid"))
        holds = z3.And(running, state.field(slot, "valid") == 1)
        for part in ("index", "last", "bank"):
            yield z3.Implies(holds, same(state.field(slot, part), f"{name}.{part}"))
    # The invariant that the state was assumed to have.
    yield z3.ULT(index, config.groups)


def _banks(sequencer: Machine, state: _State) -> Iterator[z3.BoolRef]:
    """The locks of the banks."""
    ports = sequencer.inputs
    adc_valid, enable = Bool(ports["adc_valid"] == 1), Bool(ports["enable"] == 1)
    bank = Int.raw(ports["bank_select"], signed=False)

    def banks() -> dict[str, Any]:
        used = state.model().banks_in_use(adc_valid, enable, bank)  # type: ignore[arg-type]
        return {str(number): any(one == number for one in used) for number in range(BANKS)}

    wanted = evaluate_all(banks)
    in_use = sequencer.signals["in_use"]
    for number in range(BANKS):
        yield (Int.raw(z3.Extract(number, number, in_use), signed=False) == wanted[str(number)]).term
    yield (sequencer.signals["busy"] == 1) == (in_use != 0)


def _marks(config: Config, sequencer: Machine, state: _State) -> Iterator[z3.BoolRef]:
    """What the cycle model has no word for: groups in flight, and rx beats whose marks are those of another group."""
    ports, signals = sequencer.inputs, sequencer.signals
    slots = [sequencer.registers[f"slot_{name}"] for name in config.pipeline.registers]
    yield (signals["in_flight"] == 1) == z3.Or([state.field(slot, "valid") == 1 for slot in slots])
    joining = sequencer.registers["slot_norm"]
    bank = Int.raw(state.field(joining, "bank"), signed=False)
    yield (signals["rx_wanted"] == 1) == z3.And(state.field(joining, "valid") == 1, state.rx_on[bank].term)
    taken = z3.And(signals["rx_ready"] == 1, ports["rx_valid"] == 1)
    first = (ports["rx_first"] == 1) == (state.field(joining, "index") == 0)
    last = ports["rx_last"] == state.field(joining, "last")
    yield (signals["rx_misaligned"] == 1) == z3.And(taken, z3.Not(z3.And(first, last)))


def _reset(config: Config, sequencer: Machine) -> Claim:
    """One clock of reset leads to the cycle model's first state from any state."""
    model, layout = CycleModel(config), group_layout(config)
    empty = [
        z3.Extract(layout["valid"].offset, layout["valid"].offset, sequencer.following[f"slot_{name}"])
        == int(group is not None)
        for name, group in zip(config.pipeline.registers, model._slots, strict=True)
    ]
    begun = after(sequencer, "index") == model._index
    return Claim(
        f"{sequencer.name}: a clock of reset leads to CycleModel's first state",
        z3.And(*empty, begun),
        [sequencer.inputs["rst"] == 1],
        where="from any state",
    )
