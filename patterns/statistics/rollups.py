"""Hourly sums and sketches: written with every learned batch, read by every chart and figure.

Hour `ALL_TIME` holds the same sums over all hours of a pattern and model, so that a list of
patterns reads one row per model instead of summing months. Pattern `ALL_PATTERNS` holds the sums
over all patterns of an hour and model, so that the overview reads one row per hour and model however
many patterns there are; sums over patterns leave it out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

from django.db import connection
from django.db.models import F

from patterns.models import PatternHour, ProjectHour
from patterns.statistics.quantile_sketch import merge_sketches, update_sketch

HOUR_MS = 3_600_000
ALL_TIME = -1
ALL_PATTERNS = UUID(int=0)
# Keys per query: three parameters each, far below SQLite's limit.
LOOKUP = 400


@dataclass(frozen=True, slots=True)
class CountedOutcome:
    """What one recognised interaction adds to the rollups. Units as in ModelInteraction."""

    pattern_id: str
    model_id: str
    timestamp: int
    duration: float | None
    success: bool | None
    score: float | None
    input_tokens: float | None
    output_tokens: float | None
    token_count: float | None
    memory_usage: float | None
    cost: float | None
    failed: bool = False

    @property
    def time(self) -> float | None:
        """The duration, where it says something about the model: a refused call is not a fast one."""
        return None if self.failed else self.duration

    @property
    def quality(self) -> float | None:
        """The score where there is one, else success as 1 or 0."""
        if self.score is not None:
            return self.score
        return None if self.success is None else float(self.success)

    @property
    def tokens(self) -> float | None:
        if self.token_count is not None:
            return self.token_count
        if self.input_tokens is None and self.output_tokens is None:
            return None
        return (self.input_tokens or 0) + (self.output_tokens or 0)


SUMS = (
    "count",
    "successes",
    "judged",
    "quality_sum",
    "quality_count",
    "duration_sum",
    "duration_count",
    "input_tokens",
    "output_tokens",
    "tokens_sum",
    "tokens_count",
    "memory_sum",
    "memory_count",
    "cost_sum",
    "cost_count",
    "call_cost_sum",
    "call_cost_count",
)

Key: TypeAlias = tuple[int, str, str]


def add_outcomes(
    project_id: UUID, outcomes: Iterable[CountedOutcome], *, totals: bool = True
) -> None:
    """Add outcomes to their hours; call it in the transaction that marks them recognised.

    Without `totals` the rows of ALL_PATTERNS stay: for outcomes that are counted there already.
    """
    grouped = group_by_key(outcomes, totals=totals)
    rows = find_rows(project_id, grouped)
    for key, group in grouped.items():
        count_outcomes(rows.setdefault(key, make_row(project_id, key)), group)
    save_rows(sorted(rows.values(), key=lambda row: (row.hour, str(row.pattern_id), row.model_id)))


def group_by_key(
    outcomes: Iterable[CountedOutcome], *, totals: bool = True, all_time: bool = True
) -> dict[Key, list[CountedOutcome]]:
    """The outcomes by the key of every row they count for."""
    grouped: dict[Key, list[CountedOutcome]] = {}
    for outcome in outcomes:
        hour = outcome.timestamp // HOUR_MS
        for when in (hour, ALL_TIME) if all_time else (hour,):
            for pattern_id in (outcome.pattern_id, str(ALL_PATTERNS))[: 2 if totals else 1]:
                grouped.setdefault((when, pattern_id, outcome.model_id), []).append(outcome)
    return grouped


def make_row(project_id: UUID, key: Key) -> PatternHour:
    return PatternHour(project_id=project_id, hour=key[0], pattern_id=UUID(key[1]), model_id=key[2])


def find_rows(project_id: UUID, keys: Iterable[Key]) -> dict[Key, PatternHour]:
    """The stored rows of these keys, each found in the unique index."""
    found: dict[Key, PatternHour] = {}
    wanted = list(keys)
    for start in range(0, len(wanted), LOOKUP):
        part = wanted[start : start + LOOKUP]
        # A row comparison: an OR over hundreds of keys takes longer to plan than to run.
        values = ", ".join(["(%s, %s, %s)"] * len(part))
        where = f"(hour, pattern_id, model_id) IN (VALUES {values})"
        rows = PatternHour.objects.filter(project_id=project_id).extra(
            where=[where], params=[value for key in part for value in to_database_key(key)]
        )
        found |= {(row.hour, str(row.pattern_id), row.model_id): row for row in rows}
    return found


def to_database_key(key: Key) -> tuple[int, UUID | str, str]:
    """The key as stored in columns: SQLite stores a UUID as 32 hexadecimal digits."""
    uuid = UUID(key[1])
    return key[0], uuid if connection.features.has_native_uuid_field else uuid.hex, key[2]


def count_outcomes(row: PatternHour, outcomes: Sequence[CountedOutcome]) -> None:
    for outcome in outcomes:
        row.count += 1
        if (time := outcome.time) is not None:
            row.duration_sum += time
            row.duration_count += 1
        if outcome.success is not None:
            row.judged += 1
            row.successes += outcome.success
        row.input_tokens += outcome.input_tokens or 0
        row.output_tokens += outcome.output_tokens or 0
        if (quality := outcome.quality) is not None:
            row.quality_sum += quality
            row.quality_count += 1
        if (tokens := outcome.tokens) is not None:
            row.tokens_sum += tokens
            row.tokens_count += 1
        if outcome.memory_usage is not None:
            row.memory_sum += outcome.memory_usage
            row.memory_count += 1
        count_cost(row, outcome)
    times = [one.time for one in outcomes if one.time is not None]
    if times:
        row.durations = update_sketch(row.durations, times)


def count_cost(row: PatternHour, outcome: CountedOutcome) -> None:
    """The spend counts every call, the mean cost of a call only those that did not fail."""
    if outcome.cost is None:
        return
    row.cost_sum += outcome.cost
    row.cost_count += 1
    if not outcome.failed:
        row.call_cost_sum += outcome.cost
        row.call_cost_count += 1


def correct_outcome(project_id: UUID, before: CountedOutcome, after: CountedOutcome) -> None:
    """Correct success and quality of an outcome that was already counted."""
    hours = PatternHour.objects.filter(
        project_id=project_id,
        pattern_id__in=[before.pattern_id, ALL_PATTERNS],
        model_id=before.model_id,
        hour__in=(before.timestamp // HOUR_MS, ALL_TIME),
    )
    hours.update(
        successes=F("successes") + int(bool(after.success)) - int(bool(before.success)),
        judged=F("judged") + int(after.success is not None) - int(before.success is not None),
        quality_sum=F("quality_sum") + (after.quality or 0) - (before.quality or 0),
        quality_count=F("quality_count")
        + int(after.quality is not None)
        - int(before.quality is not None),
    )


def correct_costs(
    project_id: UUID, changes: Iterable[tuple[CountedOutcome, CountedOutcome]]
) -> None:
    """Correct the costs of outcomes that were already counted: pairs of before and after."""
    changed = list(changes)
    minus = group_by_key(before for before, _ in changed)
    for key, after in group_by_key(after for _, after in changed).items():
        less, more = PatternHour(), PatternHour()
        for one in minus[key]:
            count_cost(less, one)
        for one in after:
            count_cost(more, one)
        hour, pattern_id, model_id = key
        PatternHour.objects.filter(
            project_id=project_id, hour=hour, pattern_id=pattern_id, model_id=model_id
        ).update(**{n: F(n) + getattr(more, n) - getattr(less, n) for n in COSTS})


COSTS = ("cost_sum", "cost_count", "call_cost_sum", "call_cost_count")
UNIQUE = ("project_id", "hour", "pattern_id", "model_id")
COLUMNS = (*UNIQUE, *SUMS, "durations")


def save_rows(rows: Sequence[PatternHour]) -> None:
    """Insert rows, replacing those of the same key.

    In SQL: there is about one row per interaction, and Django's bulk_create takes three times as long.
    """
    sql = (
        f"INSERT INTO {PatternHour._meta.db_table} ({', '.join(quote_names(COLUMNS))}) "
        f"VALUES ({', '.join(['%s'] * len(COLUMNS))}) "
        f"ON CONFLICT ({', '.join(quote_names(UNIQUE))}) DO UPDATE SET "
        + ", ".join(f"{name} = excluded.{name}" for name in quote_names(COLUMNS[len(UNIQUE) :]))
    )
    with connection.cursor() as cursor:
        cursor.executemany(sql, [to_columns(row) for row in rows])


def quote_names(names: Iterable[str]) -> list[str]:
    return [f'"{name}"' for name in names]


def to_columns(row: PatternHour) -> list[Any]:
    key = to_database_key((row.hour, str(row.pattern_id), row.model_id))
    owner = row.project_id if connection.features.has_native_uuid_field else row.project_id.hex
    return [owner, *key, *(getattr(row, name) for name in (*SUMS, "durations"))]


def lock_project_hour(project_id: UUID, hour: int) -> ProjectHour:
    """The row of this hour, created when missing, locked where the database supports it."""
    row, _ = ProjectHour.objects.select_for_update().get_or_create(project_id=project_id, hour=hour)
    return row


def subtract_outcomes(project_id: UUID, outcomes: Iterable[CountedOutcome]) -> None:
    """Subtract outcomes from the rows of their patterns (ALL_PATTERNS is unchanged).

    Sums are exact. Values cannot be removed from a sketch: call `rebuild_sketches` once the
    interactions have moved.
    """
    grouped = group_by_key(outcomes, totals=False)
    rows = find_rows(project_id, grouped)
    for key, row in rows.items():
        minus = PatternHour()
        count_outcomes(minus, grouped[key])
        for name in SUMS:
            setattr(row, name, getattr(row, name) - getattr(minus, name))
    empty = [row.pk for row in rows.values() if row.count <= 0]
    PatternHour.objects.filter(pk__in=empty).delete()
    save_rows([row for row in rows.values() if row.count > 0])


def sum_rows(rows: Sequence[PatternHour]) -> PatternHour:
    """Combine rollup rows into the first one: sums are added, sketches merged."""
    total = rows[0]
    for row in rows[1:]:
        for name in SUMS:
            setattr(total, name, getattr(total, name) + getattr(row, name))
    digest = merge_sketches([row.durations for row in rows]) if len(rows) > 1 else None
    total.durations = digest.to_bytes() if digest else total.durations
    return total


def outcome_of(row: Any) -> CountedOutcome:
    """A recognised interaction's row as an outcome."""
    return CountedOutcome(
        pattern_id=str(row.pattern_id),
        model_id=row.model_id,
        timestamp=row.timestamp,
        duration=row.duration,
        success=row.success,
        score=row.score,
        input_tokens=row.input_tokens,
        output_tokens=row.output_tokens,
        token_count=row.token_count,
        memory_usage=row.memory_usage,
        cost=row.known_cost,
        failed=row.has_failed,
    )
