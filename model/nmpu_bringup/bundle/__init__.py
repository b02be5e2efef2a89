"""A bundle of golden vectors: what is in it, written and read back."""
