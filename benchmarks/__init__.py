"""Measurements that are not part of the pipeline; each runs by `make bench-…`."""
