"""What a reader does with the results, a command a module."""
