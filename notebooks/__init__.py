"""The tutorial notebook, and the command that executes it."""
