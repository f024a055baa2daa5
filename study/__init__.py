"""The studies of this project: their data, and what docs/results.md says of several of them."""
