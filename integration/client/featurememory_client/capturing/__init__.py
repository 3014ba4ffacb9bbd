"""Calls of the caller's own functions and blocks."""
