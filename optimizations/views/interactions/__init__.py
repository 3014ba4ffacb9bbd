"""The list of interactions, with what the memory did in each call."""
