"""Inputs of the networks besides the embedding of a word: n-grams and regions."""
