"""Film reviews: IMDB, the stored corpus, its words and their ids."""
