"""Moves stored interactions to the patterns that a repair assigned."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from featurememory.models import Project
from patterns.curation.moving import move_interactions
from patterns.models import Pattern


def redirect_patterns(project: Project, redirects: dict[str, str]) -> None:
    """Merge stored patterns along `redirects` (id to id; chains are followed)."""
    from patterns.curation.merging import apply_merge

    uses = dict(
        Pattern.objects.filter(project=project, pk__in=list(redirects)).values_list(
            "pk", "use_count"
        )
    )
    by_target: dict[str, dict[str, int]] = {}
    for source in redirects:
        if UUID(source) in uses:
            by_target.setdefault(follow_redirects(source, redirects), {})[source] = uses[
                UUID(source)
            ]
    for target, sources in by_target.items():
        apply_merge(project, sources, target)


def follow_redirects(name: str, redirects: Mapping[str, str]) -> str:
    """The end of a chain of redirects."""
    for _ in redirects:
        name = redirects.get(name, name)
    return name


def move_sampled(project: Project, moved: Mapping[str, str], redirects: Mapping[str, str]) -> None:
    """Move sampled interactions to their new patterns, with exact counts and rollups."""
    ends = {target: follow_redirects(target, redirects) for target in set(moved.values())}
    move_interactions(project, {name: ends[target] for name, target in moved.items()})
