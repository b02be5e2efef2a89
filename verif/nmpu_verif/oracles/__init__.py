"""Definitions of other projects, as code that runs, and the unit set up to answer them."""
