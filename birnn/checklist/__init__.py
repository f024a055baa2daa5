"""Behavioural tests of the models."""
