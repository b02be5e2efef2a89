"""Workloads of analog in-memory computing on the unit, one small module for each: `python -m nmpu_examples`."""
