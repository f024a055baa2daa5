"""Word vectors and embeddings of regions, trained before the networks."""
