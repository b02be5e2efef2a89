"""From measured ADC codes to the affine parameters of every column."""
