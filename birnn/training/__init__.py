"""Training of the networks and the baseline."""
