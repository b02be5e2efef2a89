"""Functional coverage: what the benches must have tried, what they did try, and why the rest cannot happen."""
