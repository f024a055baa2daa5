"""What only recipes use: n-grams and word vectors as inputs of the networks."""
