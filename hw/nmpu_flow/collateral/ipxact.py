"""IP-XACT (IEEE 1685-2014): the register map, the ports, and the APB interface that joins them."""

import tempfile
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from peakrdl_ipxact import IPXACTExporter

from nmpu_flow.collateral.unit import TOP, Unit
from nmpu_spec.registers import elaborate

NAMESPACE = "http://www.accellera.org/XMLSchema/IPXACT/1685-2014"
_AMBA = {"vendor": "amba.com", "library": "AMBA4", "version": "r0p0_0"}
_APB = "apb_"


def ipxact(unit: Unit) -> str:
    """``nmpu_registers.xml``: a component with memory map, ports, files, and an APB4 slave interface.

    The streams are ports without an interface: IP-XACT has none of theirs, and AXI4-Stream wants whole bytes.
    """
    ElementTree.register_namespace("ipxact", NAMESPACE)
    ElementTree.register_namespace("xsi", "http://www.w3.org/2001/XMLSchema-instance")
    with tempfile.TemporaryDirectory(prefix="nmpu_registers_") as folder:
        path = Path(folder) / "registers.xml"
        IPXACTExporter(vendor=TOP, library=TOP, version=unit.version).export(elaborate(unit.config), str(path))
        component = ElementTree.parse(path).getroot()
    _drop_absent(component)
    memory_map = component.findtext(f".//{_tag('memoryMap')}/{_tag('name')}", "")
    component.insert(4, _bus_interfaces(unit, memory_map))
    component.append(_model(unit))
    component.append(_file_sets(unit))
    _add(component, "description", text=unit.title)
    ElementTree.indent(component)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(component, "unicode") + "\n"


def _bus_interfaces(unit: Unit, memory_map: str) -> Element:
    interfaces = Element(_tag("busInterfaces"))
    interface = _add(interfaces, "busInterface")
    _add(interface, "name", text="apb")
    _add(interface, "busType", name="APB4", **_AMBA)
    kind = _add(_add(interface, "abstractionTypes"), "abstractionType")
    _add(kind, "abstractionRef", name="APB4_rtl", **_AMBA)
    maps = _add(kind, "portMaps")
    logical = {port.name: port.name.removeprefix(_APB).upper() for port in unit.ports if port.name.startswith(_APB)}
    logical = {"clk": "PCLK", **({"rst_n": "PRESETn"} if unit.asynchronous else {}), **logical}
    for physical, name in logical.items():
        pair = _add(maps, "portMap")
        # One peripheral has one select line.
        _add(_add(pair, "logicalPort"), "name", text={"PSEL": "PSELx"}.get(name, name))
        _add(_add(pair, "physicalPort"), "name", text=physical)
    _add(_add(interface, "slave"), "memoryMapRef", memoryMapRef=memory_map)
    return interfaces


def _model(unit: Unit) -> Element:
    model = Element(_tag("model"))
    view = _add(_add(model, "views"), "view")
    _add(view, "name", text="rtl")
    _add(view, "componentInstantiationRef", text="verilog")
    instantiation = _add(_add(model, "instantiations"), "componentInstantiation")
    _add(instantiation, "name", text="verilog")
    _add(instantiation, "language", text="verilog")
    _add(instantiation, "moduleName", text=TOP)
    _add(_add(instantiation, "fileSetRef"), "localName", text="rtl")
    ports = _add(model, "ports")
    for port in unit.ports:
        found = _add(ports, "port")
        _add(found, "name", text=port.name)
        _add(found, "description", text=port.meaning)
        wire = _add(found, "wire")
        _add(wire, "direction", text={"input": "in", "output": "out"}[port.direction])
        if port.width > 1:
            vector = _add(_add(wire, "vectors"), "vector")
            _add(vector, "left", text=str(port.width - 1))
            _add(vector, "right", text="0")
    return model


def _file_sets(unit: Unit) -> Element:
    sets = Element(_tag("fileSets"))
    rtl = _add(sets, "fileSet")
    _add(rtl, "name", text="rtl")
    for name in unit.rtl:
        file = _add(rtl, "file")
        _add(file, "name", text=name)
        _add(file, "fileType", text="verilogSource")
    return sets


def _drop_absent(parent: Element) -> None:
    """Drop what the exporter says is not present in this configuration: many readers do not look at that."""
    for child in list(parent):
        if child.findtext(_tag("isPresent")) == "0":
            parent.remove(child)
        else:
            _drop_absent(child)


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _add(parent: Element, tag: str, /, text: str | None = None, **attributes: str) -> Element:
    element = SubElement(parent, _tag(tag), attributes)
    element.text = text
    return element
