"""Networks as the tiles run them: their data sets, their PyTorch definitions, and the way from PyTorch to a graph."""
