"""The start of a stage, settings, paths and atomic outputs: used by every stage."""
