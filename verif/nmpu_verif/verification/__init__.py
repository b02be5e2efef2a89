"""The verification page: every claim about the unit, how it was looked at, and what came of it."""
