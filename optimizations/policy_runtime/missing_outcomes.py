"""Tells the engine which decisions got no outcome in time, each once, in the order they were made.

The engine keeps how far it has looked, so that a crash misses nothing and counts nothing twice: by the id,
which grows with time and stays the same in an archive.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from uuid import UUID

from optimizations.decision_log import log
from optimizations.models import Decision
from optimizations.policy_runtime.policy_cache import LoadedPolicy

BATCH = 5000  # decisions looked at in one review; the next one goes on


def note_missing(project_id: UUID, kept: LoadedPolicy) -> int:
    """Looks at the decisions that are old enough by now; returns how many have no outcome."""
    limit = time.time_ns() // 1_000_000 - round(1000 * kept.engine.wait.seconds)
    last, missing = kept.engine.wait.until, []
    for name, number, at, took_part, interaction in list_next(project_id, last):
        if at >= limit:
            break
        last = name
        if took_part and interaction is None:
            missing.append(number)
    for start in range(0, len(missing), 500):
        for made in Decision.objects.filter(pk__in=missing[start : start + 500]).order_by("id"):
            with kept.lock:
                kept.engine.miss(log.decode_record(made).decision)
    kept.engine.wait.until = last
    return len(missing)


def list_next(
    project_id: UUID, last: str
) -> Iterator[tuple[str, int, int, str | None, int | None]]:
    rows = Decision.objects.filter(project_id=project_id, id__gt=last).order_by("id")
    found = rows.values_list("id", "number", "at", "optimization_id", "interaction")
    return iter(found[:BATCH])
