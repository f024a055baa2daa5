"""Inputs of the networks that only recipes use: n-grams and word vectors."""
