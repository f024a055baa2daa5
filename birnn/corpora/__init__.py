"""The sources of labelled reviews, and the stored corpus."""
