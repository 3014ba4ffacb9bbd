"""Bounded counts per name: models, tags, output shapes of a pattern."""

from __future__ import annotations

from patterns.engine.domain.digests import replace_surrogates

MOST_NAMES = 6  # of the counts per model, tag or output shape


def count_name(counts: dict[str, int], name: str) -> None:
    """Counts `name`; at most `MOST_NAMES` names are kept (SpaceSaving, Metwally et al. 2005)."""
    name = replace_surrogates(name)
    if name in counts or len(counts) < MOST_NAMES:
        counts[name] = counts.get(name, 0) + 1
    else:
        rarest = min(sorted(counts), key=lambda known: counts[known])
        counts[name] = counts.pop(rarest) + 1
