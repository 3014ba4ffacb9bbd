"""/api/v1/performance/: the rollups as figures per bucket of time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from featurememory.errors import invalid
from featurememory.http.drf import key_of
from featurememory.http.endpoint import Endpoint
from featurememory.http.openapi import described
from optimizations.tracker import measure_hours
from patterns.criteria import parse_id, parse_moment
from patterns.models import PatternHour
from patterns.serializers import family_of
from patterns.statistics.rollups import ALL_PATTERNS, ALL_TIME, sum_rows

HOURS = {"hour": 1, "day": 24}
BUCKETS = 2000


class Performance(Endpoint):
    scopes = {"GET": "read"}

    @described(
        "Count, success, effectiveness, duration, tokens, memory and cost over time",
        query={
            "pattern_id": "Only this pattern",
            "model_id": "Only this model",
            "from": "RFC 3339 time, inclusive",
            "to": "RFC 3339 time, exclusive",
            "bucket": "hour or day",
        },
    )
    def get(self, request: Request) -> Response:
        query = request.query_params
        size = parse_bucket(query.get("bucket", "hour"))
        rows = select_hours(key_of(request).project_id, query)
        data = [describe_bucket(start, size, group) for start, group in group_by_bucket(rows, size)]
        more = len(data) > BUCKETS
        return Response({"data": data[-BUCKETS:], "meta": {"bucket_hours": size, "cut": more}})


def parse_bucket(name: str) -> int:
    if name not in HOURS:
        raise invalid("must be hour or day", "/bucket")
    return HOURS[name]


def parse_hour(query: Any, name: str) -> int | None:
    if not query.get(name):
        return None
    return int(parse_moment(query[name], f"/{name}").timestamp() // 3600)


def select_hours(project_id: Any, query: Any) -> Any:
    rows = PatternHour.objects.filter(project_id=project_id, hour__gt=ALL_TIME)
    first, last = parse_hour(query, "from"), parse_hour(query, "to")
    if first is not None and last is not None and last < first:
        raise invalid("lies before from", "/to")
    if first is not None:
        rows = rows.filter(hour__gte=first)
    if last is not None:
        rows = rows.filter(hour__lt=last)
    if value := query.get("model_id"):
        rows = rows.filter(model_id=value.replace("\x00", ""))
    ids = [ALL_PATTERNS]
    if value := query.get("pattern_id"):
        ids = list(family_of([parse_id(value)]))
    rows = rows.filter(pattern_id__in=ids)
    return rows.order_by("hour", "model_id")


def group_by_bucket(rows: Iterable[PatternHour], size: int) -> list[tuple[int, list[PatternHour]]]:
    found: dict[int, list[PatternHour]] = {}
    for row in rows:
        found.setdefault(row.hour // size * size, []).append(row)
    return sorted(found.items())


def describe_bucket(hour: int, size: int, rows: list[PatternHour]) -> dict[str, Any]:
    total = measure_hours(sum_rows(rows))
    return {
        "from": datetime.fromtimestamp(hour * 3600, UTC).isoformat().replace("+00:00", "Z"),
        "count": total.count,
        "success_rate": total.success_rate,
        "effectiveness": total.effectiveness,
        "duration_p50": total.duration_p50,
        "duration_p95": total.duration_p95,
        "tokens_mean": total.tokens_mean,
        "memory_mean": total.memory_mean,
        "cost_sum": total.cost_sum,
    }
