"""What tests start from: projects, keys, callers, interactions, patterns; and the recounts."""

from __future__ import annotations

import functools
import itertools
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.test import Client

from featurememory.config import forget_config
from featurememory.models import FeatureMemoryConfig, Project
from integration.learning.learn_batch import learn_next_batch
from integration.models import ApiKey
from patterns.engine.domain.observation import Observation
from patterns.engine.domain.results import TemplatePart
from patterns.engine.pattern.pattern_state import PatternState
from patterns.ingest.schema import build_arrival, parse_interaction
from patterns.ingest.writer import store_arrivals
from patterns.models import ModelInteraction, Pattern, PatternHour, Payload
from patterns.serializers import family_of
from patterns.statistics import quantile_sketch, recount, rollups, series
from patterns.storage.database import DatabasePatternStorage

# When the traffic of the tests happens: at noon (UTC), three days before the run. It is within the
# last 7 days and not within the last 24 hours at whatever time a run begins, also over midnight.
NOON_TIME = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(
    days=3
)
NOON = int(NOON_TIME.timestamp()) * 1000  # in milliseconds
HOUR = rollups.HOUR_MS
KINDS = ("in", "ro", "rw", "ad")
_numbers = itertools.count(1)


def project(name: str = "") -> Project:
    return Project.objects.create(name=name or f"project-{next(_numbers)}")


def limit(owner: Project, **values: Any) -> None:
    """Thresholds of the project, in force at once."""
    FeatureMemoryConfig.objects.update_or_create(project=owner, defaults=values)
    forget_config()


def key_of(owner: Project, kind: str = "ad") -> str:
    return ApiKey.create(owner, kind, f"{kind} key")[1]


@functools.cache
def client() -> Client:
    """One for all calls: each new one would load the middleware and list the static files."""
    return Client(raise_request_exception=False)


@dataclass(frozen=True)
class Caller:
    """Calls the API with one key (none when empty); paths are relative to /api/v1/."""

    key: str

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        content_type: str = "application/json",
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        extra: dict[str, Any] = {}
        if body is not None:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            extra = {"data": data, "content_type": content_type}
        given = self.headers | dict(headers or {})
        return client().generic(method, f"/api/v1/{path}", headers=given, **extra)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"} if self.key else {}

    def get(self, path: str, **query: Any) -> Any:
        return client().get(f"/api/v1/{path}", query, headers=self.headers)

    def post(self, path: str, body: Any = None, **more: Any) -> Any:
        return self.send("POST", path, body, **more)

    def patch(self, path: str, body: Any) -> Any:
        return self.send("PATCH", path, body)


def caller(owner: Project, kind: str = "ad") -> Caller:
    return Caller(key_of(owner, kind))


def item(number: int = 0, **changes: Any) -> dict[str, Any]:
    """A complete interaction; `timestamp`, `duration` and resources by their own names."""
    metadata = {
        "timestamp": changes.pop("timestamp", NOON + number * 1000),
        "duration": changes.pop("duration", 800.0 + number),
        "resource_usage": {"memory_usage": 1 << 20, "token_count": 100, "processing_time": 700.0},
    }
    usual = {
        "id": f"i-{number}",
        "model_id": "gpt-5-mini",
        "task_type": "support.order_status",
        "input": f"Where is my order {1000 + number}?",
        "output": "It ships tomorrow.",
        "metadata": metadata,
        "usage": {"input_tokens": 60, "output_tokens": 40, "cost": 0.25},
        "success": number % 4 != 3,
    }
    return {name: value for name, value in (usual | changes).items() if value is not ...}


def items(count: int, tasks: int = 1, start: int = 0, **changes: Any) -> list[dict[str, Any]]:
    """Interactions of so many task types in turn; each task type becomes a pattern of its own."""
    return [
        item(number, **{"task_type": f"task.{number % tasks}", **changes})
        for number in range(start, start + count)
    ]


def keep(owner: Project, found: Iterable[Mapping[str, Any]]) -> list[bool]:
    """Store interactions without HTTP; which were new."""
    arrivals = [build_arrival(parse_interaction(json.dumps(entry).encode())) for entry in found]
    return store_arrivals(owner.pk, arrivals).stored


def learn_all(owner: Project, limit: int = 200) -> int:
    """Recognise what waits; how many were recognised."""
    total, more = 0, True
    while more:
        done = learn_next_batch(owner.pk, limit)
        total, more = total + done.count, done.more and not done.busy
    return total


def learned(owner: Project, count: int, tasks: int = 1, **changes: Any) -> list[Pattern]:
    """Interactions stored and learned; the patterns, in the order of their task types."""
    keep(owner, items(count, tasks, **changes))
    learn_all(owner)
    return list(Pattern.objects.filter(project=owner).order_by("task_type", "pk"))


def state(number: int = 0, **fields: Any) -> PatternState:
    """An engine state with a static text and an order number as its slot."""
    made = PatternState(id=str(UUID(int=number + 1)), partition="p", kind="text")
    made.template = (TemplatePart(f"Where is order {number} "), TemplatePart(slot="id"))
    made.use_count, made.created_at, made.last_used = 1, NOON / 1000, NOON / 1000 + number
    made.note(observation(number), [])
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def observation(number: int = 0, **fields: Any) -> Observation:
    usual: dict[str, Any] = {
        "input": f"Where is my order {1000 + number}?",
        "output": "Tomorrow.",
        "success": True,
    }
    moment = NOON / 1000 + number
    return Observation(id=f"o-{number}", timestamp=moment, model_id="m", **(usual | fields))


def pattern_row(owner: Project, number: int = 0, **columns: Any) -> Pattern:
    """A stored pattern with these columns, past the learner."""
    made = state(number, id=str(UUID(int=(int(owner.pk) << 8 | number) % (1 << 128))))
    DatabasePatternStorage(owner).store([made])
    Pattern.objects.filter(pk=made.id).update(**columns)
    return Pattern.objects.get(pk=made.id)


def uses_and_recount(owner: Project) -> tuple[dict[str, int], dict[str, int]]:
    """Use counts as they stand, and as the recognised interactions say; redirects followed."""
    rows: dict[Any, Pattern] = {row.pk: row for row in Pattern.objects.filter(project=owner)}
    counted: Counter[str] = Counter()
    recognised = ModelInteraction.objects.filter(project=owner, state=1)
    for pattern_id in recognised.values_list("pattern_id", flat=True):
        while rows[pattern_id].redirect_to:
            pattern_id = rows[pattern_id].redirect_to
        counted[str(pattern_id)] += 1
    stated = {str(row.pk): row.use_count for row in rows.values() if row.use_count}
    return stated, dict(counted)


def rollup_figures(owner: Project) -> dict[Any, Any]:
    """Every rollup row that counts anything: its key → its sums and the median duration."""
    figures = {}
    for row in PatternHour.objects.filter(project=owner, count__gt=0):
        sums = [round(float(getattr(row, name)), 6) for name in rollups.SUMS]
        digest = quantile_sketch.merge_sketches([row.durations])
        middle = round(quantile_sketch.read_quantile(digest, 0.5) or 0.0, 3)
        if row.duration_count > quantile_sketch.CENTROIDS:
            middle = 0.0  # from here on a sketch depends on the order in which values came
        figures[row.hour, str(row.pattern_id), row.model_id] = (*sums, middle)
    return figures


def rebuilt_figures(owner: Project) -> dict[Any, Any]:
    """The same, counted again from the interactions."""
    with transaction.atomic():
        recount.replace_rollups(owner.pk, 0, recount.recount_rollups(owner.pk, 0))
    return rollup_figures(owner)


def check_counts(owner: Project, total: int) -> None:
    """Use counts and rollups are those of a recount, nothing is lost and nothing negative."""
    stated, counted = uses_and_recount(owner)
    assert stated == counted
    assert sum(counted.values()) == total
    check_list_figures(owner)
    assert rollup_figures(owner) == rebuilt_figures(owner)


def check_list_figures(owner: Project) -> None:
    """The figures that the list of patterns is sorted by are those of the rollups."""
    rows = list(Pattern.objects.filter(project=owner, redirect_to=None))
    totals = series.read_totals(owner.pk, family_of(row.pk for row in rows))
    for row in rows:
        sums = totals[row.pk]
        stored = (row.success_rate, row.duration_p95, row.tokens_mean)
        for value, computed in zip(stored, (sums.success, sums.p95, sums.tokens), strict=True):
            assert (value is None) == (computed is None), (row.template, stored)
            assert abs((value or 0) - (computed or 0)) <= 1e-3 * abs(computed or 0), stored


class AtOnce:
    """Stands in for `threading.Thread`: what is started has run when `start` returns."""

    def __init__(self, target: Callable[..., None], args: Any = (), **_: Any) -> None:
        self.start = lambda: target(*args)


def damage(owner: Project, name: str) -> None:
    number = ModelInteraction.objects.get(project=owner, id=name).number
    Payload.objects.filter(pk=number).update(data=b"\x00no zstd at all")


def states_of(owner: Project) -> Counter[int]:
    """How many interactions wait (0), are recognised (1), have failed (2)."""
    rows = ModelInteraction.objects.filter(project=owner)
    return Counter(rows.values_list("state", flat=True))
