"""IMDB, Rotten Tomatoes and the user's own files."""
