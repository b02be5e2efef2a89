"""``nmpu.json``: the machine-readable description of a unit."""

from collections.abc import Sequence

from nmpu_flow.ports import Port
from nmpu_flow.tools import versions
from nmpu_spec.config import Config
from nmpu_spec.parameters import parameter_fields
from nmpu_spec.registers import register_map


def description(config: Config, ports: Sequence[Port]) -> dict[str, object]:
    """What ``nmpu.json`` says about a unit of `config` with `ports`; nothing but JSON's own types."""
    registers = register_map(config)
    return {
        "name": config.name,
        "config_hash": config.hash,
        "config": config.as_dict(),
        "groups": config.groups,
        "latency": config.pipeline.latency,
        "nodes": {
            name: {"format": str(node), "signed": node.signed, "width": node.width, "fraction": node.fraction}
            for name, node in config.nodes.items()
        },
        "parameters": [
            {
                "name": field.name,
                "stage": field.stage,
                "format": str(field.format),
                "word": field.word,
                "lsb": field.lsb,
                "msb": field.msb,
            }
            for field in parameter_fields(config)
        ],
        "registers": {
            "address_bits": registers.address_bits,
            "bank_stride": registers.bank_stride,
            "word_stride": registers.word_stride,
        },
        "ports": [
            {"name": port.name, "direction": port.direction, "width": port.width, "meaning": port.meaning}
            for port in ports
        ],
        "tools": versions(),
    }
