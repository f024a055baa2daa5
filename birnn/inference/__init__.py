"""Trained networks applied to new texts."""
