"""Benchmarks, which are not part of the pipeline: `make bench`, `make bench-…`."""
