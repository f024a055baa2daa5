"""The `birnn` commands, one module per command, and what they share."""
