"""What `make tapeout-check` does with a handed-over folder."""
