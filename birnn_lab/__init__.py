"""Experiments: sweeps, studies, searches, the review of a change, a cluster.

The stages do not depend on this package.
"""
