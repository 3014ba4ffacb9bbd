"""What needs attention first: drifting patterns, limits near, changes rolled back, failed records."""

from __future__ import annotations

from django.core.cache import cache

from featurememory.models import FeatureMemoryConfig, Project
from featurememory.templatetags import figures
from optimizations.policy_runtime.policy_cache import policies
from patterns.failed_records import count_failures
from patterns.ingest.backpressure import projects

KEPT_S = 20  # failures are counted at most that often
NEAR = 0.9  # share of a limit from which on it is told
Attention = tuple[str, str]  # what, and where to look


def list_attention(
    project: Project, counts: dict[str, int], config: FeatureMemoryConfig
) -> list[Attention]:
    """The worst first."""
    return [
        *tell_failures(project),
        *tell_storage(project, config),
        *tell_patterns(counts, config),
        *tell_rollbacks(project),
    ]


def tell_failures(project: Project) -> list[Attention]:
    failed = cache.get_or_set(f"failures:{project.pk}", lambda: count_own(project), KEPT_S) or 0
    if not failed:
        return []
    words = "1 record was" if failed == 1 else f"{failed:,} records were"
    return [(f"{words} set aside because something failed", "/health/#failed")]


def count_own(project: Project) -> int:
    return sum(n for (pk, _), n in count_failures().items() if pk == project.pk)


def tell_storage(project: Project, config: FeatureMemoryConfig) -> list[Attention]:
    used = projects.find_share(project.pk)
    if used < NEAR:
        return []
    room = f"{figures.percent(used)} of {figures.size(config.max_size)}"
    return [(f"Storage is nearly full: {room}, the oldest interactions go first", "/health/")]


def tell_patterns(counts: dict[str, int], config: FeatureMemoryConfig) -> list[Attention]:
    found = []
    stored, limit = counts.get("all", 0), config.max_patterns
    if stored >= NEAR * limit:
        text = f"{stored:,} of {limit:,} patterns: the least valuable are evicted first"
        found.append((text, "/patterns/?sort=last_used"))
    if drifting := counts.get("drifting", 0):
        words = "pattern is drifting: its" if drifting == 1 else "patterns are drifting: their"
        text = f"{drifting:,} {words} newest interactions go clearly worse"
        found.append((text, "/patterns/?status=drifting"))
    return found


def tell_rollbacks(project: Project) -> list[Attention]:
    kept = policies.for_deciding(project.pk)
    with kept.lock:
        states = list(kept.engine.optimizations.values())
    count = sum(state.status == "suspended" and not state.blocked for state in states)
    if not count:
        return []
    words = "1 change was" if count == 1 else f"{count:,} changes were"
    return [
        (f"{words} rolled back and waits for its next trial", "/optimizations/?status=suspended")
    ]
