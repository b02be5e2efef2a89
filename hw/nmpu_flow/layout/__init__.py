"""From a netlist in cells of osu018 to a routed, checked layout, with Debian's placement and routing tools."""
