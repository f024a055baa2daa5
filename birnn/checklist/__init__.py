"""Behavioral tests of the models."""
