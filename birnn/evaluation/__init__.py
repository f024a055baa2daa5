"""Metrics, comparisons and ensembles of the models."""
