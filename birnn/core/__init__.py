"""What every stage runs with."""
