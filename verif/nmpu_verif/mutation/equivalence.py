"""Proof that a mutant of the RTL computes what the original does, by Yosys' SAT solver.

Both designs are flattened and their registers opened: a state is an input of the proof, the next state an output. Equal
next states and outputs for every state and input are equal behaviour in every clock; this may fail for a mutant that
differs only in states that are never reached, and then says nothing.
"""

from nmpu_flow.errors import FlowError
from nmpu_flow.yosys import run_yosys

_SECONDS = 60

_REGISTER = "module register (input C, D, output Q); endmodule\n"
# Registers get their names before anything is flattened: afterwards a wire that is equal may have lent its own.
_READ = """
read_verilog {file}.v
read_verilog -lib register.v
hierarchy -top {top}
proc
memory_map
opt_clean
dffunmap
simplemap t:$dff
rename -wire t:$_DFF_P_
chtype -set register t:$_DFF_P_
flatten
opt_clean
expose -evert t:register
opt_clean
rename {top} {name}
design -stash {name}
"""
_PROVE = f"""
design -copy-from gold gold
design -copy-from gate gate
miter -equiv -flatten gold gate miter
hierarchy -top miter
opt -full
tee -q -o proof.txt sat -timeout {_SECONDS} -prove trigger 0 miter
"""


def proven_equal(original: str, mutant: str, top: str) -> bool:
    """Whether the two designs (Verilog texts) were shown to have equal outputs and next states, always."""
    commands = "".join(_READ.format(file=name, top=top, name=name) for name in ("gold", "gate")) + _PROVE
    files = {"gold.v": original, "gate.v": mutant, "register.v": _REGISTER}
    try:
        proof = run_yosys(commands.strip().splitlines(), files, "proof.txt")
    except FlowError:
        # Registers that are not the same ones, say where one became constant.
        return False
    return "SAT proof finished - no model found: SUCCESS!" in proof
