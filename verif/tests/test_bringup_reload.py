"""From a calibration to the registers and back, and what a drifted tile costs until it is calibrated again."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from measured import CONFIG, LSB, ROWS, make_tile, measure
from numpy.typing import NDArray

from nmpu_aimc.tile import TYPICAL, Noise, Tile, currents, pair
from nmpu_bringup.calibration.calibrate import Calibration, calibrate
from nmpu_bringup.calibration.measurement import measurement
from nmpu_bringup.calibration.reload import calibrated_program, read_loaded, script_text, scripts
from nmpu_bringup.calibration.residuals import overall
from nmpu_model.fold import fold_batchnorm
from nmpu_model.program import Layer, Program
from nmpu_model.quantise import quantise_program
from nmpu_model.script import load_program, read_program
from nmpu_model.stimulus import integers
from nmpu_model.traffic import random_program
from nmpu_model.unit import run
from nmpu_spec.config import Config
from nmpu_spec.errors import InputError
from nmpu_spec.load import load

HERMES = load("hermes256")


def calibrated(config: Config = CONFIG, loaded: Program | None = None, dead: tuple[int, ...] = ()) -> Calibration:
    arrays = measure(make_tile(config=config))
    arrays["p"][:, list(dead)] = 7
    return calibrate(measurement(config, arrays), loaded)


def same(one: Program, other: Program) -> bool:
    parameters = all((one.parameters[name] == raws).all() for name, raws in other.parameters.items())
    return parameters and one.layer == other.layer and bool((one.mask == other.mask).all())


@pytest.mark.parametrize("bank", [0, 1])
def test_the_reload_changes_the_affine_parameters_alone(bank: int) -> None:
    """Played after the script of the running program, into the same bank."""
    loaded = random_program(CONFIG, 1, "test")
    found = calibrated(loaded=loaded)
    burst = scripts(found)[f"reload_bank{bank}.txt"]
    lines = [*map(str, load_program(loaded, bank)), *script_text(found, burst).splitlines()]
    wanted = Program(CONFIG, {**loaded.parameters, **found.parameters}, loaded.layer, loaded.mask)
    assert same(read_program(CONFIG, lines, bank), wanted)
    assert not same(wanted, loaded)


@pytest.mark.parametrize("bank", [0, 1])
def test_the_full_script_is_the_whole_program(bank: int, tmp_path: Path) -> None:
    loaded = random_program(CONFIG, 1, "test")
    found = calibrated(loaded=loaded, dead=(2,))
    path = tmp_path / "full.txt"
    path.write_text(script_text(found, scripts(found)[f"full_bank{bank}.txt"]), "utf-8")
    wanted = Program(
        CONFIG, {**loaded.parameters, **found.parameters}, loaded.layer, loaded.mask & (np.arange(CONFIG.columns) != 2)
    )
    assert same(read_loaded(CONFIG, path), wanted)


def test_without_the_loaded_program_there_is_no_full_script() -> None:
    assert set(scripts(calibrated())) == {"reload_bank0.txt", "reload_bank1.txt"}


def test_columns_that_are_not_corrected_are_masked_off_by_the_reload() -> None:
    burst = scripts(calibrated(dead=(2, 5)))["reload_bank1.txt"]
    assert (burst[0].register, burst[0].data) == ("bank[1].mask[0]", 0xFFF & ~0b100100)
    assert [write.register for write in burst[1:]] == [f"bank[1].word0[{column}]" for column in range(CONFIG.columns)]


def test_a_reload_is_one_word_per_column() -> None:
    found = calibrated(HERMES)
    burst = scripts(found)["reload_bank1.txt"]
    assert [write.register for write in burst] == [f"bank[1].word0[{column}]" for column in range(256)]
    assert [write.address for write in burst] == [0x4400 + 4 * column for column in range(256)]
    assert "256 writes, 512 clocks" in script_text(found, burst).splitlines()[0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nonsense\n", "line 1"),
        ("", "is never written"),
        ("\n".join(map(str, load_program(random_program(CONFIG, 1, "test"), 0)[:-1])), "is never written"),
    ],
    ids=["no script", "empty", "truncated"],
)
def test_a_loaded_program_that_is_none_is_refused(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "program.txt"
    path.write_text(text, "utf-8")
    with pytest.raises(InputError) as error:
        read_loaded(CONFIG, path)
    assert str(error.value).startswith(str(path))
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_loaded_program_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_loaded(CONFIG, tmp_path / "missing.txt")
    (tmp_path / "binary.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="is not text"):
        read_loaded(CONFIG, tmp_path / "binary.txt")


def layer_behind(tile: Tile, x: NDArray[np.int64]) -> tuple[Program, NDArray[np.float64]]:
    """Settings and gains that map the largest result of the ideal tile to 127, and its results, in output codes."""
    p, n = np.moveaxis(currents(x, *pair(tile.targets)), 1, 0) / LSB
    step = float(np.abs(p - n).max() / 127)
    folded = fold_batchnorm(HERMES, input_step=1.0, output_step=step)
    values = {"scale_p": 1, "scale_n": 1, "offset_p": 0, "offset_n": 0, "gain": folded.gain, "bias": folded.bias}
    return quantise_program(HERMES, values, Layer(shift=folded.shift)).program, (p - n) / step


@pytest.mark.parametrize(
    ("noise", "uncorrected_fresh_drifted_again"),
    [
        (TYPICAL, (16.82, 2.06, 2.54, 2.06)),
        (replace(TYPICAL, programming=0.0), (16.62, 0.53, 1.45, 0.52)),
    ],
    ids=["typical", "weights programmed exactly"],
)
def test_drift_and_recalibration(noise: Noise, uncorrected_fresh_drifted_again: tuple[float, ...]) -> None:
    """The loop of docs/calibration.md, and its numbers: rms error of the 8-bit codes that the golden model answers.

    The tile's gain falls by 5 %. Bank 1 holds what bank 0 holds; the burst then changes its affine words; CTRL swaps.
    """
    tile = make_tile(noise, config=HERMES)
    x = integers(9, "test/traffic", -127, 127, (400, ROWS))
    bare, ideal = layer_behind(tile, x)

    def error(program: Program, tile: Tile) -> float:
        p, n = tile.convert(x, "traffic")
        return float(np.sqrt(((run(program, p, n).out - ideal) ** 2).mean()))

    first = calibrated_program(calibrate(measurement(HERMES, measure(tile)), bare))
    banks = [[str(write) for write in load_program(first, bank)] for bank in (0, 1)]
    assert len(banks[1]) == 522

    tile_now = replace(tile, gain=tile.gain * 0.95)
    found = calibrate(measurement(HERMES, measure(tile_now)), read_program(HERMES, banks[0], 0))
    burst = scripts(found)["reload_bank1.txt"]
    assert len(burst) == 256
    second = read_program(HERMES, [*banks[1], *map(str, burst)], 1)

    errors = (error(bare, tile), error(first, tile), error(first, tile_now), error(second, tile_now))
    assert tuple(round(error, 2) for error in errors) == uncorrected_fresh_drifted_again
    assert overall(found.after, found.corrected)[0] < overall(found.before, found.corrected)[0] / 5


def test_what_was_loaded_is_what_the_residual_before_is_of() -> None:
    """The same tile measured again: nothing to gain, and nothing to change."""
    first = calibrated()
    again = calibrated(loaded=calibrated_program(first))
    assert (again.before.errors == first.after.errors)[first.used].all()
    assert (again.after.errors == first.after.errors)[first.used].all()
