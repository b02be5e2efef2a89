"""The precision study: what accuracy each choice of formats costs, and what area."""
