"""The mutants themselves, and a sample of them against the fast tests: what is found, and what is proven equal."""

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import pytest

from nmpu_flow.tools import icarus
from nmpu_hw.nmpu import Nmpu
from nmpu_spec.load import load
from nmpu_verif.builds import verilog_of
from nmpu_verif.evidence import Outcome
from nmpu_verif.mutation.campaign import CONFIG, MODEL_QUOTA, QUOTA, SEED, STAGE_SEED, TOP, UNIT_SEED
from nmpu_verif.mutation.definitions import same_definition
from nmpu_verif.mutation.equivalence import proven_equal
from nmpu_verif.mutation.explained import EXPLAINED, Explanation, settle
from nmpu_verif.mutation.killers import DoesNotCompileError, Killer
from nmpu_verif.mutation.matrix import Fate, Row, check_originals, judge, run
from nmpu_verif.mutation.model import model_mutants, source_of
from nmpu_verif.mutation.model_tests import model_killers
from nmpu_verif.mutation.mutant import Mutant, numbered, sample
from nmpu_verif.mutation.proof import proof_killer
from nmpu_verif.mutation.python_operators import faults as python_faults
from nmpu_verif.mutation.report import evidence, tally, write
from nmpu_verif.mutation.rtl import WHOLE, rtl_mutants, word_mutants
from nmpu_verif.mutation.stage_cases import stage_killer
from nmpu_verif.mutation.unit_bench import unit_killer
from nmpu_verif.mutation.verilog_operators import faults, stuck
from nmpu_verif.mutation.verilog_text import VerilogModule
from nmpu_verif.simulate import BenchError

MODULE = VerilogModule("module m(a, b, y);\n  input [7:0] a;\n  input [7:0] b;\n  output [7:0] y;\nendmodule\n")

needs_icarus = pytest.mark.skipif(icarus() is None, reason="Icarus is not installed (Debian: apt install iverilog)")


@lru_cache
def verilog() -> str:
    config = load(CONFIG)
    return verilog_of(config, TOP, lambda: Nmpu(config)).read_text("utf-8")


@lru_cache
def word() -> dict[tuple[str, str, str], Mutant]:
    """Every word-level mutant by its module and what it changes."""
    found = numbered("rtl", word_mutants(verilog(), TOP))
    return {(mutant.module, mutant.before, mutant.after): mutant for mutant in found}


def in_module(module: str) -> list[Mutant]:
    return [mutant for mutant in word().values() if mutant.module == module]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("c ? 4'h7 : a", {("constant+1", "c ? 4'h8 : a"), ("constant-1", "c ? 4'h6 : a"), ("swapped", "c ? a : 4'h7"),
                          ("condition", "4'h7"), ("condition", "a")}),
        ("a[6:1]", {("shift+1", "a[7:2]"), ("shift-1", "a[5:0]")}),
        ("a[7]", {("shift-1", "a[6]")}),
        ("a & b", {("operator", "a | b"), ("dropped-term", "a"), ("dropped-term", "b")}),
        ("a - b", {("operator", "a + b"), ("dropped-term", "a"), ("dropped-term", "b"), ("swapped", "b - a"),
                   ("result+1", "(a - b) + 1'h1"), ("result-1", "(a - b) - 1'h1")}),
        ("a == 2'h3", {("constant+1", "a == 2'h0"), ("constant-1", "a == 2'h2"), ("operator", "a != 2'h3")}),
        ("| { a, b }", {("operator", "& { a, b }"), ("dropped-term", "| { b }"), ("dropped-term", "| { a }")}),
        ("$signed({ 1'h0, a })", {("signedness", "{ 1'h0, a }"), ("signedness", "$signed({ a })"),
                                  ("constant+1", "$signed({ 1'h1, a })"), ("constant-1", "$signed({ 1'h1, a })")}),
        ("a << b", {("operator", "a >> b"), ("swapped", "b << a"), ("shift+1", "(a << b) << 1"),
                    ("shift-1", "(a << b) >> 1")}),
        ("{ a, 1'h0 }", {("constant+1", "{ a, 1'h1 }"), ("constant-1", "{ a, 1'h1 }"), ("shift+1", "{ a, 2'h0 }"),
                         ("shift-1", "{ a }"), ("swapped", "{ 1'h0, a }")}),
    ],
)  # fmt: skip
def test_faults_of_an_expression(value: str, expected: set[tuple[str, str]]) -> None:
    assert set(faults(value, MODULE)) == expected


def test_a_stuck_bit_for_every_bit() -> None:
    assert list(stuck("x", 2)) == [
        ("stuck-1", "(x) | 2'h1"), ("stuck-0", "(x) & 2'h2"), ("stuck-1", "(x) | 2'h2"), ("stuck-0", "(x) & 2'h1"),
    ]  # fmt: skip


def test_every_class_that_matters_is_in_the_sample() -> None:
    """At least 330 mutants, each of another text."""
    mutants = rtl_mutants(verilog(), TOP, QUOTA, SEED)
    assert len({mutant.text for mutant in mutants}) == len(mutants) >= 330
    assert len({mutant.name for mutant in mutants}) == len(mutants)
    assert verilog() not in {mutant.text for mutant in mutants}
    chosen = {(mutant.module, mutant.before, mutant.after) for mutant in mutants}
    rounding = "assign rounded = $signed(value[6:1]) + $signed({ 1'h0, _05_ });"
    for module, before, after in [
        ("compress", rounding, f"{rounding[:-1].replace('= ', '= (')}) + $signed(2'h1);"),
        ("compress", rounding, f"{rounding[:-1].replace('= ', '= (')}) - $signed(2'h1);"),
        ("compress", "assign code = high ? 4'h7 : _00_;", "assign code = high ? 4'h8 : _00_;"),
        ("relu_1", "assign rectified = _0_ ? 7'h00 : value;", "assign rectified = value;"),
        ("residual", "assign _1_ = rx_on ? { _0_, rx } : 4'h0;", "assign _1_ = 4'h0;"),
        ("sequencer", "assign entering_last = index == 2'h2;", "assign entering_last = index == 2'h1;"),
        ("sequencer", "assign tail = _000_ | out_ready;", "assign tail = _000_;"),
    ]:
        assert (module, before, after) in chosen, after
    assert {module for module, _, _ in chosen} > set(WHOLE) | {"registers", "counters", "crc", "lane", "path"}


def test_a_sample_has_its_quota_of_each_operator_in_each_module() -> None:
    mutants = [
        Mutant(f"rtl/{module}/x/{n}", module, "x", 1, "", "", f"{module}{n}") for module in "ab" for n in range(9)
    ]
    drawn = sample(mutants, 2, 1, whole=["b"])
    assert [mutant.module for mutant in drawn] == ["a"] * 2 + ["b"] * 9
    assert drawn != sample(mutants, 2, 3, whole=["b"])


@needs_icarus
@pytest.mark.parametrize("module", ["compress", "norm", "relu_1"])
def test_a_stage_keeps_no_fault(module: str) -> None:
    """Every mutant of a stage is found by the bench's own cases, or proven to be the same circuit."""
    killer = stage_killer(CONFIG, STAGE_SEED, TOP)
    check_originals([Mutant("rtl", module, "", 0, "", "", verilog())], [killer])
    rows = [judge(mutant, [killer], lambda _: None) for mutant in in_module(module)]
    alive = [row for row in rows if row.fate is Fate.SURVIVOR]
    same = [row for row in alive if proven_equal(verilog(), word()[module, row.before, row.after].text, TOP)]
    assert len([row for row in rows if row.fate is Fate.KILLED]) > 0.8 * len(rows)
    assert alive == same


def test_equal_and_different_circuits() -> None:
    """The prover looks at outputs and at next states, whatever a wire is called."""
    mutant = word()["output", "assign _24_ = _27_ ? 8'hff : 8'hff;", "assign _24_ = 8'hff;"]
    assert proven_equal(verilog(), mutant.text, TOP)
    assert proven_equal(verilog(), verilog().replace("entering_last", "elsewhere"), TOP)
    for module, before, after in [
        ("output", "assign _13_ = rounded[7] & _12_;", "assign _13_ = _12_;"),
        ("counters", "assign _10_ = busy + counted[0];", "assign _10_ = busy - counted[0];"),
    ]:
        assert not proven_equal(verilog(), word()[module, before, after].text, TOP), after


@needs_icarus
def test_the_unit_bench_finds_a_dropped_handshake_term() -> None:
    mutant = word()["sequencer", "assign tail = _000_ | out_ready;", "assign tail = _000_;"]
    row = judge(
        mutant,
        [stage_killer(CONFIG, STAGE_SEED, TOP), unit_killer("unit bench", CONFIG, [UNIT_SEED], TOP)],
        lambda _: None,
    )
    assert (row.fate, row.tried) == (Fate.KILLED, {"unit bench": "killed"})
    assert "cycle model" in row.said


@needs_icarus
def test_what_does_not_compile_is_not_counted() -> None:
    broken = Mutant(
        "rtl/norm/x/1", "norm", "x", 1, "", "", verilog().replace("assign _0_ = $signed(gain)", "assign = 1")
    )
    for killer in (stage_killer(CONFIG, STAGE_SEED, TOP), unit_killer("unit bench", CONFIG, [UNIT_SEED], TOP)):
        with pytest.raises(DoesNotCompileError):
            killer.kill(broken)
        assert judge(broken, [killer], lambda _: None).fate is Fate.INVALID


SOURCE = '''
def f(x: int, y: int = 3) -> int:
    """Text 1."""
    if x < y:
        raise ValueError(f"{x + 1}")
    x -= y
    return min(x >> 2, y)
'''


def test_faults_of_python() -> None:
    """Annotations, words and errors' messages are left alone."""
    found = list(python_faults(SOURCE))
    assert {(fault.operator, fault.before, fault.after) for fault in found} == {
        ("constant+1", "3", "4"), ("constant-1", "3", "2"),
        ("comparison", "x < y", "x <= y"), ("comparison", "x < y", "x >= y"),
        ("condition", "x < y", "True"), ("condition", "x < y", "False"),
        ("operator", "x -= y", "x += y"), ("removed", "x -= y", "pass"),
        ("operator", "min", "max"), ("swapped", "min(x >> 2, y)", "min(y, x >> 2)"),
        ("operator", "x >> 2", "x << 2"), ("operand", "x >> 2", "x"), ("operand", "x >> 2", "2"),
        ("swapped", "x >> 2", "2 >> x"), ("constant+1", "2", "3"), ("constant-1", "2", "1"),
    }  # fmt: skip
    assert all(
        sum(a != b for a, b in zip(fault.text.splitlines(), SOURCE.splitlines(), strict=True)) == 1 for fault in found
    )


def test_the_model_has_enough_mutants() -> None:
    mutants = model_mutants(MODEL_QUOTA, SEED)
    assert len({(mutant.module, mutant.text) for mutant in mutants}) == len(mutants) >= 120


def test_the_tests_of_the_definitions_find_another_rounding() -> None:
    """The mutant is imported in place of the original, of which nothing is changed."""
    [killer] = [killer for killer in model_killers() if killer.name == "spec tests"]
    source = source_of("spec.rounding")
    faults_ = python_faults(source.read_text("utf-8"))
    text = next(fault.text for fault in faults_ if fault.after == "quotient - quotient % 2")
    assert "test_spec_" in str(killer.kill(Mutant("", "spec.rounding", "", 0, "", "", text)))
    assert "quotient + quotient % 2" in source.read_text("utf-8")


MUTANT = Mutant("rtl/m/x/1", "m", "x", 7, "a", "b", "text")


def killer(found: str | None, name: str = "k", digest: str = "d") -> Killer:
    return Killer(name, lambda _: True, lambda _: found, digest)


def test_killers_are_asked_in_their_order_until_one_kills() -> None:
    row = judge(MUTANT, [killer(None, "one"), killer("bad", "two"), killer("bad", "three")], lambda _: None)
    assert (row.fate, row.said, row.tried) == (Fate.KILLED, "bad", {"one": "survived", "two": "killed"})
    row = judge(MUTANT, [killer(None, "one"), killer("bad", "two")], lambda _: "by proof")
    assert (row.fate, row.said, row.tried) == (Fate.EQUIVALENT, "by proof", {"one": "survived"})
    assert judge(MUTANT, [killer(None)], lambda _: None).fate is Fate.SURVIVOR


def test_a_suite_that_fails_without_a_mutant_kills_nothing() -> None:
    asked: list[str] = []
    of_m = Killer("m", lambda mutant: mutant.module == "m", lambda mutant: asked.append(mutant.module), "")
    of_all = Killer("all", lambda _: True, lambda _: asked.append("all"), "")
    check_originals([MUTANT, replace(MUTANT, module="unit")], [of_m, of_all])
    assert asked == ["m", "all"]
    with pytest.raises(BenchError, match="fails without a mutant"):
        check_originals([MUTANT], [killer("bad")])


def test_a_run_is_resumed_until_the_tests_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nmpu_verif.mutation.matrix.FOLDER", tmp_path)
    done: list[int] = []
    first = run([MUTANT], [killer("bad")], lambda _: None, 1, done.append)
    assert run([MUTANT], [killer(None)], lambda _: None, 1, done.append) == first, "the same digest: not tried again"
    [again] = run([MUTANT], [killer(None, digest="other")], lambda _: None, 1, done.append)
    assert (again.fate, done) == (Fate.SURVIVOR, [1, 1, 1])


def test_the_proofs_find_what_is_wrong_and_nothing_else() -> None:
    """And a claim about a register that is gone is a failure too, not a crash."""
    proof = proof_killer(CONFIG, TOP)
    text = verilog()
    unchanged = Mutant("rtl/relu_2/x/1", "relu_2", "x", 1, "a", "b", text)
    assert proof.applies(unchanged)
    assert proof.kill(unchanged) is None
    for before, after in (("enable & value[8]", "enable | value[8]"), ("rectified = ", "value = ")):
        module = replace(unchanged, text=text.replace(before, after))
        assert module.text != text
        assert proof.kill(module)
    assert not proof.applies(replace(unchanged, module="crc"))


def test_a_definition_that_says_the_same_is_proven_so() -> None:
    source = source_of("spec.overflow").read_text("utf-8")
    before = "min(max(raw, target.min_raw), target.max_raw)"
    for after, same in (
        ("min(target.max_raw, max(raw, target.min_raw))", True),
        ("min(max(raw, target.min_raw + 1), target.max_raw)", False),
    ):
        text = source.replace(before, after)
        assert text != source
        assert same_definition(Mutant("model/spec.overflow/x/1", "spec.overflow", "x", 1, before, after, text)) is same


def row(fate: Fate, name: str = "rtl/m/x/1") -> Row:
    return Row(name, "rtl", "m", "x", 7, "a", "b", {"k": "survived"}, fate)


def test_a_reason_must_match_and_must_be_needed() -> None:
    entry = Explanation("rtl/m", "a", "b", "not reachable")
    [settled] = settle("rtl", [row(Fate.SURVIVOR)], table=[entry])
    assert (settled.fate, settled.said) == (Fate.EXPLAINED, "not reachable")
    assert settle("rtl", [row(Fate.SURVIVOR)], table=[replace(entry, after="c")], whole=False)[0].fate is Fate.SURVIVOR
    for rows in ([row(Fate.KILLED)], []):
        with pytest.raises(BenchError, match="no survivor needs"):
            settle("rtl", rows, table=[entry])
    assert settle("model", [], table=[entry]) == []
    assert all(entry.reason.endswith(".") for entry in EXPLAINED)


def test_the_report(tmp_path: Path) -> None:
    rows = [row(Fate.KILLED), row(Fate.EQUIVALENT, "rtl/m/x/2"), row(Fate.INVALID, "rtl/m/x/3")]
    assert tally(rows, "module") == [("rtl/m", "2", "1", "1", "0", "0", "1"), ("all", "2", "1", "1", "0", "0", "1")]
    [passed] = evidence(rows, "tool")
    assert (passed.outcome, passed.bound, passed.note) == (Outcome.PASSED, "2 mutants", "1 killed, 1 equivalent")
    [failed] = evidence([*rows, row(Fate.SURVIVOR, "rtl/m/x/4")], "tool")
    assert failed.outcome is Outcome.FAILED
    assert failed.note.endswith("1 survivor: rtl/m/x/4")
    for file in write(rows, ["k"], tmp_path, "rtl"):
        assert all(f"rtl/m/x/{number}" in file.read_text("utf-8") for number in (1, 2, 3))
