"""The report: its figures, its tables and its words."""
