"""Studies: several runs in one table, their comparison and their figure."""
