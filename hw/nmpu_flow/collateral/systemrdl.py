"""The register map as SystemRDL without parameters: what `nmpu_spec/nmpu.rdl` is for one configuration."""

from peakrdl_systemrdl.rdl_generator import RDLGenerator
from systemrdl.node import AddrmapNode
from systemrdl.walker import RDLWalker

from nmpu_flow.collateral.unit import TOP, Unit
from nmpu_spec.registers import elaborate


def systemrdl(unit: Unit) -> str:
    """``nmpu_registers.rdl``: top ``addrmap nmpu``, to be compiled by itself."""
    return unit.comment("//") + _Generator().content(elaborate(unit.config)) + "\n"


class _Generator(RDLGenerator):
    """The stock exporter names the map after every parameter, and writes down what is not present in it too."""

    def content(self, top: AddrmapNode) -> str:
        self.start("addrmap", TOP)
        self.assign_properties(top)
        RDLWalker(skip_not_present=True).walk(top, self, skip_top=True)
        return self.finish()
