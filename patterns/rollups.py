"""Hourly sums and sketches: written with every learned batch, read by every chart and figure.

Hour `ALL_TIME` holds the same sums over all hours of a pattern and model, so that a list of
patterns reads one row a model instead of adding up months. Pattern `ALL_PATTERNS` holds the sums
over all patterns of an hour and model, so that the overview reads one row an hour and model however
many patterns there are; whoever adds up patterns leaves it out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

from django.db import connection
from django.db.models import F
from fastdigest import TDigest

from patterns.models import PatternHour, ProjectHour
from patterns.payloads import Stored

HOUR_MS = 3_600_000
ALL_TIME = -1
ALL_PATTERNS = UUID(int=0)
# 60 centroids: p95 within about 1 % on log-normal durations, 1 kB a row at most.
CENTROIDS = 60
# Keys a query: three parameters each, far below SQLite's limit.
LOOKUP = 400


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one recognised interaction adds to the rollups. Units as in ModelInteraction."""

    pattern_id: str
    model_id: str
    timestamp: int
    duration: float
    success: bool | None
    score: float | None
    input_tokens: float | None
    output_tokens: float | None
    token_count: float | None
    memory_usage: float | None
    cost: float | None

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
    "input_tokens",
    "output_tokens",
    "tokens_sum",
    "tokens_count",
    "memory_sum",
    "memory_count",
    "cost_sum",
    "cost_count",
)

Key: TypeAlias = tuple[int, str, str]


def add(project_id: UUID, outcomes: Iterable[Outcome], *, totals: bool = True) -> None:
    """Add outcomes to their hours; call it in the transaction that marks them recognised.

    Without `totals` the rows of ALL_PATTERNS stay: for outcomes that are counted there already.
    """
    grouped: dict[Key, list[Outcome]] = {}
    for outcome in outcomes:
        for hour in (outcome.timestamp // HOUR_MS, ALL_TIME):
            for pattern_id in (outcome.pattern_id, str(ALL_PATTERNS))[: 2 if totals else 1]:
                key = (hour, pattern_id, outcome.model_id)
                grouped.setdefault(key, []).append(outcome)
    rows = existing(project_id, grouped)
    for key, group in grouped.items():
        row = rows.get(key) or PatternHour(
            project_id=project_id, hour=key[0], pattern_id=UUID(key[1]), model_id=key[2]
        )
        rows[key] = row
        count_into(row, group)
    save(sorted(rows.values(), key=lambda row: (row.hour, str(row.pattern_id), row.model_id)))


def existing(project_id: UUID, keys: Iterable[Key]) -> dict[Key, PatternHour]:
    """The stored rows of these keys, each found in the unique index."""
    found: dict[Key, PatternHour] = {}
    wanted = list(keys)
    for start in range(0, len(wanted), LOOKUP):
        part = wanted[start : start + LOOKUP]
        # A comparison of rows: an OR over hundreds of keys takes longer to plan than to answer.
        values = ", ".join(["(%s, %s, %s)"] * len(part))
        where = f"(hour, pattern_id, model_id) IN (VALUES {values})"
        rows = PatternHour.objects.filter(project_id=project_id).extra(
            where=[where], params=[value for key in part for value in database_key(key)]
        )
        found |= {(row.hour, str(row.pattern_id), row.model_id): row for row in rows}
    return found


def database_key(key: Key) -> tuple[int, UUID | str, str]:
    """The key as the columns hold it: SQLite keeps a UUID as 32 hexadecimal digits."""
    uuid = UUID(key[1])
    return key[0], uuid if connection.features.has_native_uuid_field else uuid.hex, key[2]


def count_into(row: PatternHour, outcomes: Sequence[Outcome]) -> None:
    for outcome in outcomes:
        row.count += 1
        row.duration_sum += outcome.duration
        if outcome.success is not None:
            row.judged += 1
            row.successes += outcome.success
        row.input_tokens += outcome.input_tokens or 0
        row.output_tokens += outcome.output_tokens or 0
        for name, value in (
            ("quality", outcome.quality),
            ("tokens", outcome.tokens),
            ("memory", outcome.memory_usage),
            ("cost", outcome.cost),
        ):
            if value is not None:
                setattr(row, f"{name}_sum", getattr(row, f"{name}_sum") + value)
                setattr(row, f"{name}_count", getattr(row, f"{name}_count") + 1)
    row.durations = sketch(row.durations, [outcome.duration for outcome in outcomes])


def correct(project_id: UUID, before: Outcome, after: Outcome) -> None:
    """Replace what an outcome said of success and quality, where it was counted before."""
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


def sketch(stored: Stored, values: Sequence[float]) -> bytes:
    """The t-digest of the stored one and these values."""
    digest = TDigest.from_bytes(bytes(stored)) if stored else TDigest(CENTROIDS)
    digest.batch_update(list(values))
    return digest.to_bytes()


def merged(sketches: Iterable[Stored]) -> TDigest | None:
    """One digest of many; None when all are empty."""
    total: TDigest | None = None
    for stored in sketches:
        if stored:
            digest = TDigest.from_bytes(bytes(stored))
            total = digest if total is None else total.merge(digest)
    return total


def quantile(digest: TDigest | None, share: float) -> float | None:
    """The quantile of a sketch in its own unit; None without values."""
    if digest is None or digest.is_empty():
        return None
    return float(digest.quantile(share))


def save(rows: Sequence[PatternHour]) -> None:
    PatternHour.objects.bulk_create(
        rows_without_ids(rows),
        update_conflicts=True,
        unique_fields=["project", "hour", "pattern_id", "model_id"],
        update_fields=[*SUMS, "durations"],
        batch_size=200,
    )


def rows_without_ids(rows: Sequence[Any]) -> list[Any]:
    """Rows as new ones: the unique key, not the id, says which they replace."""
    for row in rows:
        row.pk = None
        row._state.adding = True
    return list(rows)


def project_hour(project_id: UUID, hour: int) -> ProjectHour:
    """The row of this hour, locked where the database can, made when there is none."""
    row, _ = ProjectHour.objects.select_for_update().get_or_create(project_id=project_id, hour=hour)
    return row


def rebuild(project_id: UUID, pattern_ids: Sequence[str] | None = None) -> int:
    """Count everything again from the interactions; the number of interactions counted.

    Call it in a transaction. With `pattern_ids` only those patterns are counted again.
    """
    from patterns.models import ModelInteraction

    hours = PatternHour.objects.filter(project_id=project_id)
    found = ModelInteraction.objects.filter(
        project_id=project_id, state=ModelInteraction.State.RECOGNIZED
    )
    if pattern_ids is not None:
        hours = hours.filter(pattern_id__in=pattern_ids)
        found = found.filter(pattern_id__in=pattern_ids)
    hours.delete()
    total, batch, totals = 0, [], pattern_ids is None
    for row in found.order_by("number").iterator(2000):
        batch.append(outcome_of(row))
        if len(batch) == 2000:
            add(project_id, batch, totals=totals)
            total, batch = total + len(batch), []
    add(project_id, batch, totals=totals)
    return total + len(batch)


def outcome_of(row: Any) -> Outcome:
    """A recognised interaction's row as an outcome."""
    return Outcome(
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
        cost=row.cost,
    )
