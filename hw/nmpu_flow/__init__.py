"""From the RTL to what other tools and teams take: plain Verilog, its lint, and the collateral around it."""
