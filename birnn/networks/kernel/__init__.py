"""Products and recurrent loops, compiled for the CPU."""
