"""The `birnn` commands on trained models, results and the user's files."""
