"""Errors, signals, times and a warning, which cannot change results.

So no stage depends on these modules, which import nothing else of the project.
"""
