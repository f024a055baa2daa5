"""The two networks, their layers and the kernel that computes them."""
