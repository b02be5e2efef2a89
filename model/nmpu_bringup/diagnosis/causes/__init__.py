"""The catalogue of causes: each module lists hypotheses of one family."""
