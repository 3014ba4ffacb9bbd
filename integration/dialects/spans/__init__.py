"""Spans as interactions: one file for each dialect of attributes."""
