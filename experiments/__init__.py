"""What people do with the pipeline: studies over seeds and settings, and the review of a change.

The stages know nothing of it.
"""
