"""The `birnn` commands that use a trained model: predict, explain, serve, export."""
