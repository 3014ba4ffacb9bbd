"""A memory that has been in use for a month: a million interactions within a minute or two.

The patterns are learned by the product itself, from a few interactions each. The rest is written
straight into the tables of our models, with the rollups it would have left: `rollups.recount`
gives the same sums (tests/benchmarks/test_filling.py).
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
import numpy.typing as npt
from django.db import connection, transaction
from django.db.models import Model

from featurememory.models import Activity, Project
from integration.learning.learn_batch import learn_next_batch
from patterns.ingest.schema import build_arrival, parse_interaction
from patterns.ingest.writer import store_arrivals
from patterns.list_figures import refresh_all_figures
from patterns.models import ModelInteraction, Pattern, PatternHour, Payload, ProjectHour
from patterns.statistics import quantile_sketch, rollups
from patterns.storage import payloads
from tests.benchmarks.traffic import MODELS, Bodies

DAYS, HOUR_MS = 30, 3_600_000
AT_ONCE = 50_000
EACH = 2  # interactions a pattern is learned from
FOUNDED = 1_000_000  # ids of bulk rows begin here
Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Calls:
    """So many interactions as columns; `pattern` and `model` are positions."""

    pattern: Array
    model: Array
    at_ms: Array
    duration: Array
    success: Array
    score: Array
    sent: Array
    answered: Array
    memory: Array
    cost: Array


def drawn(count: int, patterns: int, now_ms: int, seed: int = 1) -> Calls:
    """Few patterns are frequent, most are rare; the same hour never holds all of them."""
    dice = np.random.default_rng(seed)
    weight = 1 / np.arange(1, patterns + 1) ** 0.9
    sent = dice.integers(250, 480, count)
    answered = dice.integers(90, 260, count)
    return Calls(
        pattern=dice.choice(patterns, count, p=weight / weight.sum()),
        model=dice.integers(0, 3, count),
        at_ms=np.sort(now_ms - dice.integers(0, DAYS * 24 * HOUR_MS, count)),
        duration=np.round(dice.lognormal(6.5, 0.6, count), 2),
        success=dice.random(count) < 0.93,
        score=np.round(dice.beta(5, 2, count), 3),
        sent=sent,
        answered=answered,
        memory=dice.integers(50, 900, count) << 20,
        cost=np.round((sent + 4 * answered) * 1e-6, 8),
    )


def fill(project: Project, count: int, patterns: int) -> list[UUID]:
    """Fill an empty project; the ids of its patterns, the most used first."""
    ids = learned(project, patterns)
    calls = drawn(count, len(ids), int(time.time() * 1000))
    with transaction.atomic():
        store_calls(project, calls, ids)
        store_rollups(project, calls, ids)
        store_hours(project, calls)
        count_uses(project, calls, ids)
        refresh_all_figures(project.pk)
        note_activity(project, 5000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE" if connection.vendor == "postgresql" else "PRAGMA optimize")
    return ids


def learned(project: Project, patterns: int) -> list[UUID]:
    """So many patterns, each of its own task, by the ordinary path."""
    bodies = Bodies(EACH * patterns).take(EACH * patterns)
    for start in range(0, len(bodies), 500):
        made = [parse_interaction(body) for body in bodies[start : start + 500]]
        for place, item in enumerate(made, start):
            item.task_type = f"desk.{place % patterns:04d}"
        store_arrivals(project.pk, [build_arrival(item) for item in made])
    while learn_next_batch(project.pk).more:
        pass
    payloads.train_dictionary()
    ModelInteraction.objects.filter(project=project).delete()  # not among the calls counted
    Payload.objects.all().delete()
    found = Pattern.objects.filter(project=project).order_by("task_type", "pk")
    return list(found.values_list("pk", flat=True))


def insert(model: type[Model], names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Many rows into the table of a model, columns by the names of its fields; others have their
    default."""
    named = [model._meta.get_field(name).column for name in names]
    others = [f for f in model._meta.concrete_fields if not f.primary_key and f.column not in named]
    given = [
        (field.column, field.get_db_prep_save(field.get_default(), connection)) for field in others
    ]
    columns = ", ".join(f'"{column}"' for column in [*named, *(column for column, _ in given)])
    marks = ", ".join(["%s"] * (len(named) + len(given)))
    values = tuple(value for _, value in given)
    whole: Any = ((*row, *values) for row in rows)
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {model._meta.db_table} ({columns}) VALUES ({marks})", whole
        )


def as_column(value: UUID) -> UUID | str:
    return value if connection.features.has_native_uuid_field else value.hex


def store_calls(project: Project, calls: Calls, ids: Sequence[UUID]) -> None:
    samples = [bytes(data) for data in packed(200)]
    first = EACH * len(ids) + 1
    tasks = dict(Pattern.objects.filter(project=project).values_list("pk", "task_type"))
    for start in range(0, len(calls.at_ms), AT_ONCE):
        stop = min(start + AT_ONCE, len(calls.at_ms))
        rows = call_rows(project, calls, range(start, stop), first, ids, tasks)
        insert(ModelInteraction, CALL, rows)
        numbers = range(first + start, first + stop)
        insert(Payload, ("number", "data"), ((n, samples[n % len(samples)]) for n in numbers))


def packed(count: int) -> list[bytes]:
    return [
        build_arrival(parse_interaction(body)).payload for body in Bodies(count, seed=2).take(count)
    ]


CALL = (
    "number", "project", "id", "model_id", "task_type", "session_id", "timestamp", "received_at",
    "duration", "memory_usage", "token_count", "input_tokens", "output_tokens", "cost", "success",
    "score", "state", "pattern_id", "confidence", "recognized_at",
)  # fmt: skip


def call_rows(
    project: Project,
    calls: Calls,
    places: range,
    first: int,
    ids: Sequence[UUID],
    tasks: dict[UUID, str],
) -> Iterator[tuple[Any, ...]]:
    owner, keys = as_column(project.pk), [as_column(pattern) for pattern in ids]
    columns = (calls.pattern, calls.model, calls.at_ms, calls.duration, calls.success, calls.score,
               calls.sent, calls.answered, calls.memory, calls.cost)  # fmt: skip
    part = (column[places.start : places.stop].tolist() for column in columns)
    for place, *row in zip(places, *part, strict=True):
        pattern, model, at, duration, success, score, sent, answered, memory, cost = row
        yield (
            first + place, owner, f"{place * 2_654_435_761 % 2**32:08x}-{FOUNDED + place}",
            MODELS[model], tasks[ids[pattern]], f"s-{place % 5000}", at, at + 5, duration, memory,
            sent + answered, sent, answered, cost, success, score, 1, keys[pattern], 0.9, at + 90,
        )  # fmt: skip


ROLLUP = ("project", "hour", "pattern_id", "model_id", *rollups.SUMS, "durations")


def store_rollups(project: Project, calls: Calls, ids: Sequence[UUID]) -> None:
    """The four kinds of rows, as rollups.add would have left them."""
    PatternHour.objects.filter(project=project).delete()
    hours = calls.at_ms // HOUR_MS
    every, always = np.full(len(hours), len(ids)), np.full(len(hours), rollups.ALL_TIME)
    owners = [*ids, rollups.ALL_PATTERNS]
    for hour in (hours, always):
        for pattern in (calls.pattern, every):
            insert(PatternHour, ROLLUP, rollup_rows(project, calls, hour, pattern, owners))


def rollup_rows(
    project: Project, calls: Calls, hour: Array, pattern: Array, owners: Sequence[UUID]
) -> Iterator[tuple[Any, ...]]:
    size = len(owners) * len(MODELS)
    key = (hour + 1) * size + pattern * len(MODELS) + calls.model
    order = np.argsort(key, kind="stable")
    found, begin = np.unique(key[order], return_index=True)
    sums = [np.add.reduceat(column[order], begin).tolist() for column in summed(calls)]
    durations = np.split(calls.duration[order], begin[1:])
    good = np.split(calls.success[order], begin[1:])
    owner, keys = as_column(project.pk), [as_column(name) for name in owners]
    rows = zip(found.tolist(), zip(*sums, strict=True), durations, good, strict=True)
    for code, values, took, counts in rows:
        at, rest = divmod(code, size)
        which, model = divmod(rest, len(MODELS))
        sketch = quantile_sketch.update_sketch(b"", took[counts].tolist())
        yield (owner, at - 1, keys[which], MODELS[model], *values, sketch)


def summed(calls: Calls) -> tuple[Array, ...]:
    """What each call adds, in the order of rollups.SUMS."""
    one = np.ones(len(calls.at_ms), dtype=np.int64)
    tokens = calls.sent + calls.answered
    good = calls.success.astype(
        np.int64
    )  # failed calls say nothing of durations and of a call's cost
    return (
        one, good, one, calls.score, one, calls.duration * good, good, calls.sent,
        calls.answered, tokens, one, calls.memory, one, calls.cost, one, calls.cost * good, good,
    )  # fmt: skip


def store_hours(project: Project, calls: Calls) -> None:
    """What the server notes of itself every hour."""
    ProjectHour.objects.filter(project=project).delete()
    found, counts = np.unique(calls.at_ms // HOUR_MS, return_counts=True)
    sketch = quantile_sketch.update_sketch(b"", [1.0, 2.0, 3.0])
    names = ("project", "hour", "received", "recognized", "matched", "recognition_ms", "validated",
             "candidates", "drifting", "memory_bytes", "disk_bytes", "cpu_share", "samples")  # fmt: skip
    insert(
        ProjectHour,
        names,
        (
            (as_column(project.pk), hour, n, n, n, sketch, 700, 290, 10, 1 << 27, 1 << 30, 0.1, 60)
            for hour, n in zip(found.tolist(), counts.tolist(), strict=True)
        ),
    )


def count_uses(project: Project, calls: Calls, ids: Sequence[UUID]) -> None:
    rows = list(Pattern.objects.filter(project=project).only("pk", "use_count"))
    uses = dict(zip(ids, np.bincount(calls.pattern, minlength=len(ids)).tolist(), strict=True))
    for row in rows:
        row.use_count = uses[row.pk]
    Pattern.objects.bulk_update(rows, ["use_count"], batch_size=500)


def note_activity(project: Project, count: int) -> None:
    Activity.objects.bulk_create(
        Activity(project=project, actor="memory", verb="cleanup", summary=f"Cleaned up, {n} gone")
        for n in range(count)
    )
