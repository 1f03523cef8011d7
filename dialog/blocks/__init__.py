"""One module per block type: its parameters, its exits, and what it does."""
