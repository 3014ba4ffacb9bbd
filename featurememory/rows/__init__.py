"""Rows of the ground that have a subject of their own; `featurememory.models` lists all."""
