"""The campaign: compiled RTL against the golden model, over billions of column results, and over every operand."""
