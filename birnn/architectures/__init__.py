"""One module per network, and the registry that lists them."""
