"""Locks, signals, times and output: all that cannot change results, so that edits run no stage.

These modules import nothing else of the project.
"""
