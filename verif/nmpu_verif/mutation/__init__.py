"""Mutation analysis: small faults put into the RTL and into the golden model by tool, each to be found by the tests.

mutant            what a mutant is, and a sample of them that is the same every time
verilog_text      the emitted Verilog as statements, one a line
verilog_operators what can be done to a statement
yosys_mutants     faults of single bits, by Yosys
rtl               every mutant of a unit's Verilog
python_operators  what can be done to an expression or statement of Python
model             every mutant of the golden model
killers           what a mutant is tried with: a name, and whether it finds the mutant
stage_cases       ... the stage benches' operands and expected numbers
unit_bench        ... the unit's benches
model_tests       ... the test files of the model
equivalence       proof that a mutant computes the same
explained         mutants that no test can find, each with the reason
matrix            every mutant against every killer, kept so that a run can be resumed
report            the matrix as JSON, Markdown and HTML, and the rows of evidence
"""
