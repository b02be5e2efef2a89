"""A library of no technology: gates by their textbook names, areas in gate equivalents, a delay of one each.

For who wants to know that the unit survives synthesis before there is a process: netlists and benches work as with a
real library, areas are counts of gate equivalents, and the longest path is the depth of the logic in nanoseconds.
"""

GENERIC = "generic"
"""Its name, where the name of a file is expected."""

_GATES = {
    "INV": ("!A", 0.5),
    "BUF": ("A", 1.0),
    "NAND2": ("!(A&B)", 1.0),
    "NOR2": ("!(A|B)", 1.0),
    "AND2": ("A&B", 1.5),
    "OR2": ("A|B", 1.5),
    "NAND3": ("!(A&B&C)", 1.5),
    "NOR3": ("!(A|B|C)", 1.5),
    "XOR2": ("A^B", 2.5),
    "XNOR2": ("!(A^B)", 2.5),
    "AOI21": ("!((A&B)|C)", 1.5),
    "OAI21": ("!((A|B)&C)", 1.5),
    "MUX2": ("(A&!C)|(B&C)", 2.5),
}
"""Function, and area in NAND2: a transistor pair for each input and stage, four transistors to the NAND2."""
_FLOP_AREA = 6.0

_TABLES = ("cell_rise", "cell_fall", "rise_transition", "fall_transition")


def generic_text() -> str:
    """The Liberty text."""
    cells = [_gate(name, function, area) for name, (function, area) in _GATES.items()]
    cells += [_flop("DFF", ""), _flop("DFFR", 'clear : "!RN";'), _flop("DFFS", 'preset : "!SN";')]
    return f"""\
library ({GENERIC}) {{
  delay_model : table_lookup;
  time_unit : "1ns"; voltage_unit : "1V"; current_unit : "1mA"; pulling_resistance_unit : "1kohm";
  leakage_power_unit : "1pW"; capacitive_load_unit (1, pf);
  nom_voltage : 1.0; nom_temperature : 25.0; nom_process : 1.0;
  slew_lower_threshold_pct_rise : 20; slew_upper_threshold_pct_rise : 80;
  slew_lower_threshold_pct_fall : 20; slew_upper_threshold_pct_fall : 80;
  input_threshold_pct_rise : 50; input_threshold_pct_fall : 50;
  output_threshold_pct_rise : 50; output_threshold_pct_fall : 50;
  default_max_transition : 10;
  lu_table_template (flat) {{
    variable_1 : input_net_transition; variable_2 : total_output_net_capacitance;
    index_1 ("0.001, 10"); index_2 ("0.0001, 10");
  }}
  lu_table_template (edges) {{
    variable_1 : related_pin_transition; variable_2 : constrained_pin_transition;
    index_1 ("0.001, 10"); index_2 ("0.001, 10");
  }}
{"".join(cells)}}}
"""


def _gate(name: str, function: str, area: float) -> str:
    inputs = [letter for letter in "ABC" if letter in function]
    arcs = "".join(_arc(letter) for letter in inputs)
    pins = "".join(_input(letter) for letter in inputs)
    return f"""\
  cell ({name}) {{
    area : {area};
{pins}    pin (Y) {{ direction : output; max_capacitance : 10; function : "{function}";
{arcs}    }}
  }}
"""


def _flop(name: str, asynchronous: str) -> str:
    pin = asynchronous.partition("!")[2].rstrip('";')
    pins = _input(pin) if pin else ""
    edge = "timing_type : rising_edge;"
    checks = "".join(
        f"""\
      timing () {{ related_pin : "CK"; timing_type : {kind}_rising;
        rise_constraint (edges) {{ values ("0, 0", "0, 0"); }} fall_constraint (edges) {{ values ("0, 0", "0, 0"); }}
      }}
"""
        for kind in ("setup", "hold")
    )
    return f"""\
  cell ({name}) {{
    area : {_FLOP_AREA + bool(pin)};
    ff (IQ, IQN) {{ next_state : "D"; clocked_on : "CK"; {asynchronous} }}
    pin (D) {{ direction : input; capacitance : 0.001;
{checks}    }}
    pin (CK) {{ direction : input; capacitance : 0.001; clock : true; }}
{pins}    pin (Q) {{ direction : output; max_capacitance : 10; function : "IQ";
{_arc("CK", edge)}    }}
  }}
"""


def _input(name: str) -> str:
    return f"    pin ({name}) {{ direction : input; capacitance : 0.001; }}\n"


def _arc(pin: str, kind: str = "") -> str:
    tables = " ".join(
        f'{table} (flat) {{ values ("{value}, {value}", "{value}, {value}"); }}'
        for table, value in zip(_TABLES, ("1", "1", "0.001", "0.001"), strict=True)
    )
    return f'      timing () {{ related_pin : "{pin}"; {kind} {tables} }}\n'
