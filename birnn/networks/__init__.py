"""The networks: their definition, layers, inputs and compiled kernel."""
