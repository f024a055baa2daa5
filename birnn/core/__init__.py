"""Settings, errors, locks, signals and files: used by every stage."""
