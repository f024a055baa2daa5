"""The networks: one module for each, the registry that lists them, and what they share."""
