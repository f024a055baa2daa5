"""Errors, signals, times and terminal output, which cannot change results: no stage depends on it.

These modules import nothing else of the project.
"""
