"""Reviews as words, ids and n-grams."""
