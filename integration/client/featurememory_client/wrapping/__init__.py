"""Clients of model providers, recorded without being changed."""
