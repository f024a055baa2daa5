"""The linear baseline, with which the networks are compared."""
