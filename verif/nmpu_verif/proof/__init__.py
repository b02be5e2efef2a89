"""Proofs for all inputs: the emitted RTL against the definitions of `nmpu_spec`, by SMT solvers."""
