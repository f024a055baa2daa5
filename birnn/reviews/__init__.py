"""Film reviews: the stored corpus, its words, their ids and padded sequences."""
