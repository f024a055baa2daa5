"""Settings, errors, paths and outputs: used by every stage."""
