"""Pages about patterns and interactions, one module each."""
