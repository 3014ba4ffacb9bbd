"""The pages about patterns and interactions, one module for each."""
