"""A self-checking Verilog testbench that replays a bundle on RTL or netlist, without Python."""

from collections.abc import Mapping, Sequence
from importlib import metadata, resources

from nmpu_model.suites import Case
from nmpu_spec.config import CODE_BITS, Config
from nmpu_spec.implementation import Reset
from nmpu_spec.parameters import WORD_BITS, parameter_fields
from nmpu_spec.registers import register_map

FOLDER = "replay"
_STATIC = ("nmpu_replay.v", "nmpu_streams.vh", "nmpu_bus.vh", "nmpu_files.vh", "Makefile", "README.txt")


def replay_files(config: Config, cases: Mapping[str, Sequence[Case]]) -> dict[str, bytes]:
    """The files of a bundle's folder ``replay``, by their path in the bundle.

    The testbench reads the bundle's ``<suite>/<case>/`` folders: program.txt, adc.hex, rx.hex, out.hex, check.txt.
    `cases` maps each suite to its cases.
    """
    source = resources.files("nmpu_bringup") / FOLDER
    files = {name: (source / name).read_bytes() for name in _STATIC}
    files["nmpu_config.vh"] = _defines(config, cases).encode()
    files["cases.txt"] = "".join(
        f"{suite}/{case.name} {len(case.traffic.p)} {int(case.program.layer.rx_on)}\n"
        for suite, of_suite in cases.items()
        for case in of_suite
    ).encode()
    return {f"{FOLDER}/{name}": data for name, data in files.items()}


def _defines(config: Config, cases: Mapping[str, Sequence[Case]]) -> str:
    """What the testbench has to know of the configuration and of the cases."""
    registers = register_map(config)
    name = f"nmpu {metadata.version('nmpu')}, configuration {config.name} {config.hash[:16]}"
    every = [case for of_suite in cases.values() for case in of_suite]
    affine_words = 1 + max(field.word for field in parameter_fields(config) if field.stage == "affine")
    first = registers["bank[0].word0[0]"].address
    last = registers[f"bank[0].word{affine_words - 1}[{config.columns - 1}]"].address
    bank_0 = registers["bank[0].layer"].address
    control = registers["ctrl"]
    values: dict[str, object] = {
        "NAME": f'"{name}"',
        "COLUMNS": config.columns,
        "LANES": config.lanes,
        "CODE_BITS": max(CODE_BITS),
        "ADC_BITS": config.columns * len(config.branches) * config.adc.code.width,
        "RX_BITS": config.lanes * config.residual.code_bits + 2,
        "OUT_BITS": config.lanes * max(CODE_BITS) + 2,
        "ADDRESS_BITS": registers.address_bits,
        "CASES": len(every),
        "MOST_VECTORS": max((len(case.traffic.p) for case in every), default=1),
        "CONFIG_HASH": _hex(registers["config_hash"].address),
        "CONFIG_HASH_VALUE": f"32'h{config.hash[:8]}",
        "CTRL": _hex(control.address),
        "CTRL_BANK_1": _hex(control.pack(enable=1, bank=1)),
        "BANK_0": _hex(bank_0),
        "BANK_STRIDE": _hex(registers.bank_stride),
        "AFFINE": _hex(first - bank_0),
        "AFFINE_BYTES": _hex(last - first + WORD_BITS // 8),
    }
    if config.implementation.reset is Reset.ASYNC:
        values["RESET_ASYNC"] = ""
    if config.implementation.clock_gates:
        values["SCAN_ENABLE"] = ""
    return f"// {name}\n" + "".join(f"`define NMPU_{key} {value}".rstrip() + "\n" for key, value in values.items())


def _hex(value: int) -> str:
    return f"32'h{value:x}"
