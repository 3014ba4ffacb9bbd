"""Recounts rollups from the interactions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Max, Q

from patterns.models import Feedback, Learner, ModelInteraction, PatternHour
from patterns.statistics.quantile_sketch import update_sketch
from patterns.statistics.rollups import (
    ALL_TIME,
    HOUR_MS,
    CountedOutcome,
    Key,
    count_outcomes,
    find_rows,
    group_by_key,
    make_row,
    outcome_of,
    save_rows,
    sum_rows,
)

RESKETCH = 5000
FEEDBACK_TARGETS = {"interaction": "id", "decision": "decision_id", "session": "session_id"}


def rebuild_sketches(project_id: UUID, outcomes: Iterable[CountedOutcome]) -> None:
    """Rebuild the duration sketches of the rows these outcomes were taken from.

    Rows of more than RESKETCH interactions, or with deleted ones, keep their sketch.
    """
    rows = find_rows(project_id, group_by_key(outcomes, totals=False))
    found = []
    for row in rows.values():
        durations = read_stored_durations(row) if row.count <= RESKETCH else []
        if len(durations) == row.count:
            known = [value for value in durations if value is not None]
            row.durations = update_sketch(b"", known) if known else b""
            found.append(row)
    save_rows(found)


def read_stored_durations(row: PatternHour) -> list[float | None]:
    """One entry for each stored interaction; None where its duration does not count."""
    same = ModelInteraction.objects.filter(
        project_id=row.project_id, pattern_id=row.pattern_id, model_id=row.model_id, state=1
    )
    if row.hour != ALL_TIME:
        start = row.hour * HOUR_MS
        same = same.filter(timestamp__gte=start, timestamp__lt=start + HOUR_MS)
    rows = same.only("duration", "success", "failed")[: RESKETCH + 1]
    return [None if one.has_failed else one.duration for one in rows]


def recount_rollups(
    project_id: UUID, since: int, alive: Callable[[int], None] = lambda done: None
) -> list[PatternHour]:
    """Recount all hours from `since` (hours since the epoch) on; nothing is written.

    `alive` is called regularly with the number of interactions counted so far.
    """
    return count_rows_again(project_id, Q(timestamp__gte=since * HOUR_MS), alive)


def recount_hours(project_id: UUID, hours: Iterable[int]) -> list[PatternHour]:
    """Recount these hours (since the epoch); nothing is written."""
    rows: list[PatternHour] = []
    for hour in hours:
        start = hour * HOUR_MS
        within = Q(timestamp__gte=start, timestamp__lt=start + HOUR_MS)
        rows += count_rows_again(project_id, within, lambda done: None)
    return rows


def count_rows_again(project_id: UUID, which: Q, alive: Callable[[int], None]) -> list[PatternHour]:
    found = ModelInteraction.objects.filter(which, project_id=project_id, state=1)
    rows: dict[Key, PatternHour] = {}
    for done, batch in split_in_batches(found.order_by("number").iterator(2000), 2000):
        for key, group in group_by_key(map(outcome_of, batch), all_time=False).items():
            count_outcomes(rows.setdefault(key, make_row(project_id, key)), group)
        alive(done)
    return list(rows.values())


def find_newest_feedback(project_id: UUID) -> int:
    """The number of the newest feedback. Inside a transaction: feedback that is being stored counts."""
    Learner.objects.lock(project_id)
    newest = Feedback.objects.filter(project_id=project_id).aggregate(most=Max("pk"))["most"]
    return int(newest or 0)


def find_judged_hours(project_id: UUID, after: int) -> set[int]:
    """The hours of the interactions that feedback after this number was about."""
    given = Feedback.objects.filter(project_id=project_id, pk__gt=after)
    found: set[int] = set()
    for target, column in FEEDBACK_TARGETS.items():
        names = list(given.filter(target=target).values_list("target_id", flat=True).distinct())
        for start in range(0, len(names), 500):
            rows = ModelInteraction.objects.filter(
                project_id=project_id, **{f"{column}__in": names[start : start + 500]}
            )
            found |= {at // HOUR_MS for at in rows.values_list("timestamp", flat=True)}
    return found


def split_in_batches(rows: Iterable[Any], size: int) -> Iterator[tuple[int, list[Any]]]:
    done, batch = 0, []
    for row in rows:
        batch.append(row)
        if len(batch) == size:
            done += size
            yield done, batch
            batch = []
    yield done + len(batch), batch


def replace_rollups(project_id: UUID, since: int, rows: Sequence[PatternHour]) -> None:
    """Replace the stored hours from `since` on, and sum ALL_TIME from all hours."""
    hours = PatternHour.objects.filter(project_id=project_id)
    hours.filter(hour__gte=since).exclude(hour=ALL_TIME).delete()
    save_rows(rows)
    hours.filter(hour=ALL_TIME).delete()
    by_pattern: dict[Key, PatternHour] = {}
    for row in hours.order_by("pattern_id", "model_id").iterator(2000):
        key = (ALL_TIME, str(row.pattern_id), row.model_id)
        row.hour = ALL_TIME
        by_pattern[key] = sum_rows([by_pattern[key], row]) if key in by_pattern else row
    save_rows(list(by_pattern.values()))
