"""Bounded counts per name: models, tags, output shapes of a pattern."""

from __future__ import annotations

from patterns.engine.domain.digests import clean

MOST_NAMES = 6  # of the counts per model, tag or output shape


def count(counts: dict[str, int], name: str) -> None:
    """One more of `name` among at most `MOST_NAMES` (SpaceSaving)."""
    name = clean(name)
    if name in counts or len(counts) < MOST_NAMES:
        counts[name] = counts.get(name, 0) + 1
    else:
        rarest = min(sorted(counts), key=lambda known: counts[known])
        counts[name] = counts.pop(rarest) + 1
