"""Which stored patterns are like each other, and how near a project is to its first one."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

from django.db.models import Max

from featurememory.models import Project
from patterns.models import ModelInteraction, Pattern
from patterns.recognition.recognizer_cache import recognizers

# From so many similar interactions on a pattern has a template with slots.
SIMILAR_NEEDED = 3
# Waiting interactions that are compared by their task types.
LOOKED_AT = 200


def find_related(row: Pattern, limit: int) -> list[tuple[Pattern, float]]:
    """The stored patterns most like this one, at most `limit`, with their similarity: the share of
    fixed text (of keys, for objects) that the two have in common, 0 to 1."""
    loaded, own = recognizers.for_reading(row.project_id), str(row.pk)
    with loaded.lock:
        known = own in loaded.recognizer
        near = loaded.recognizer.related(own, limit) if known else []
    rows = Pattern.objects.stored().in_bulk([UUID(name) for name, _ in near])
    return [(rows[UUID(name)], score) for name, score in near if UUID(name) in rows]


def count_similar(project: Project) -> int:
    """The most interactions of one kind seen, at most SIMILAR_NEEDED: of one pattern, or of one task
    type among those that wait to be recognised."""
    rows = Pattern.objects.stored().filter(project=project)
    learned = rows.aggregate(most=Max("use_count"))["most"] or 0
    pending = ModelInteraction.objects.pending().filter(project=project).order_by("number")
    tasks = Counter(pending.values_list("task_type", flat=True)[:LOOKED_AT])
    return min(SIMILAR_NEEDED, max(learned, *tasks.values(), 0))
