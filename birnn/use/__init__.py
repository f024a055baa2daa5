"""The `birnn` commands that use a trained model, and `birnn data check`."""
