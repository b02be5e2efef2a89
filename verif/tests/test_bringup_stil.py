"""STIL patterns: a reader that we did not write understands them, and wrong ones are refused."""

import re
from pathlib import Path

import pytest
from recorded import Recorded, clocks, recorded
from Semi_ATE.STIL.parsers.STILDumpCompiler import STILDumpCompiler
from Semi_ATE.STIL.parsers.STILParser import STILParser

from nmpu_verif.stil_reader import read_stil
from nmpu_verif.stil_syntax import StilError


@pytest.mark.parametrize("name", ["tiny", "hermes12"])
def test_another_reader_sees_the_same_clocks(name: str, tmp_path: Path) -> None:
    """Semi-ATE-STIL compiles every pattern, vector for vector, to the characters that our reader finds in it."""
    bundle = recorded(name)
    for number, place in enumerate(bundle.places):
        folder = tmp_path / str(number)
        pattern = bundle.copy(place, folder)
        compiler = STILDumpCompiler(str(pattern), str(folder), enable_trace=False)
        compiler.compile()
        assert compiler.is_parsing_done, compiler.err_msg
        (dump,) = folder.glob("*.pattern_block")
        order = re.search(r"^# SIGNALS_ORDER\|(.*)\|$", dump.read_text("utf-8"), re.M)
        assert order is not None
        theirs = re.findall(r"^ *\d+\| *\d+\| *-\| *(\w+)\|", dump.read_text("utf-8"), re.M)
        stil = read_stil(pattern)
        assert order[1].split("+") == list(stil.directions)
        assert theirs == ["".join(clock[signal] for signal in stil.directions) for clock in clocks(stil)]


@pytest.mark.parametrize(
    ("file", "found", "instead"),
    [
        ("suite/case/pins.stil", "apb_psel=0;", "apb_psel=0"),
        ("suite/case/pins.stil", "apb_psel=0;", "apb_psel=01;"),
        ("suite/case/pins.stil", "apb_psel=0;", "apb_psel=H;"),
        ("suite/case/pins.stil", "apb_psel=0;", "apb_select=0;"),
        ("suite/case/pins.stil", r"apb_paddr=\r15 0;", r"apb_paddr=\r14 0;"),
        ("suite/case/pins.stil", "W clocked;", "W other;"),
        ("suite/case/pins.stil", "PatList {", "PatList { another;"),
        ("suite/case/pins.stil", "Timing nmpu;", "Timing another;"),
        ("setup.stil", "busy Out;", "busy Out; busy Out;"),
        ("setup.stil", "apb_pstrb[3] +", "apb_pstrb[2] +"),
        ("setup.stil", "LHX", "LX"),
        ("setup.stil", "'period*0.4'", "'0.4 of a period'"),
    ],
)
def test_broken_patterns_are_refused(file: str, found: str, instead: str, tmp_path: Path) -> None:
    """By both readers: neither of them accepts whatever it is given."""
    pattern = broken(recorded("tiny"), tmp_path, file, found, instead)
    with pytest.raises(StilError):
        read_stil(pattern)
    parser = STILParser(str(pattern))
    if parser.parse_syntax() is not None:
        parser.parse_semantic()
    assert not parser.is_parsing_done


@pytest.mark.parametrize(
    ("file", "found", "instead", "mentions"),
    [
        ("setup.stil", "D/U", "L/H", "event L"),
        ("setup.stil", "'period*0.75' D", "'period*1.75' D", "within the period"),
        ("setup.stil", "'period*0.4'", "'delay*0.4'", "delay is not defined"),
        ("suite/case/pins.stil", "busy=X;", "", "leaves busy open"),
        ("suite/case/pins.stil", "clk=P;", "clk=P; clk=P;", "clk is defined twice"),
        ("suite/case/pins.stil", "W clocked;", "", "after W"),
        ("suite/case/pins.stil", "STIL 1.0;", "", "must begin with STIL 1.0"),
        ("suite/case/pins.stil", "}\n}", "}", "in the middle of a block"),
    ],
)
def test_our_reader_is_strict(file: str, found: str, instead: str, mentions: str, tmp_path: Path) -> None:
    pattern = broken(recorded("tiny"), tmp_path, file, found, instead)
    with pytest.raises(StilError, match=re.escape(mentions)):
        read_stil(pattern)


def broken(bundle: Recorded, folder: Path, file: str, found: str, instead: str) -> Path:
    """The pattern of the first case, with the first `found` in one of its files replaced."""
    pattern = bundle.copy(bundle.places[0], folder)
    text = (folder / file).read_text("utf-8")
    assert found in text
    (folder / file).write_text(text.replace(found, instead, 1), "utf-8")
    return pattern
