"""Connections before Django: who waits for a worker, and who takes too long."""
