"""Asking the server how a task should run: within a deadline, or not at all."""
