"""Training of the networks, with checkpoints."""
