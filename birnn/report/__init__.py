"""The report: text, tables and figures."""
