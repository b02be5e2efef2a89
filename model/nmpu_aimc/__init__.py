"""A real workload for the unit: a trained classifier on simulated analog tiles, from images to ADC codes."""
