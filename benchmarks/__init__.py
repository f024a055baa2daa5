"""Benchmarks, which are not part of the pipeline: `make bench`, `make bench-…`."""

from birnn.core import libraries

libraries.configure()
