"""Studies over seeds and settings, and the review of a change.

The stages do not depend on this package.
"""
