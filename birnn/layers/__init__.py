"""The layers of the networks, and the kernel that runs recurrent layers on a CPU."""
