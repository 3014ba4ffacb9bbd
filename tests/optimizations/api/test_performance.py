"""/api/v1/performance/: figures per bucket of time, filtered, from the rollups alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from featurememory.models import Project
from patterns.serializers import format_time
from tests.builders import HOUR, NOON, NOON_TIME, Caller, caller, item, keep, learn_all, project

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> Project:
    """Noon: three uses of two tasks; an hour later one; a day later one by another model."""
    owner = project()
    moments = [NOON, NOON + 1, NOON + 2, NOON + HOUR, NOON + 24 * HOUR]
    for number, moment in enumerate(moments):
        model = "other" if number == 4 else "gpt-5-mini"
        task = f"task.{number % 2}"
        keep(owner, [item(number, timestamp=moment, model_id=model, task_type=task)])
    learn_all(owner)
    return owner


@pytest.fixture
def api(owner: Project) -> Caller:
    return caller(owner, "ro")


def hours_later(count: int) -> str:
    return format_time(NOON_TIME + timedelta(hours=count)) or ""


def counts(api: Caller, **query: Any) -> list[tuple[str, int]]:
    data = api.get("performance/", **query).json()["data"]
    return [(row["from"], row["count"]) for row in data]


def test_without_a_filter_every_interaction_counts_once(api: Caller) -> None:
    assert counts(api) == [
        (hours_later(0), 3),
        (hours_later(1), 1),
        (hours_later(24), 1),
    ]


def test_a_day_adds_up_its_hours(api: Caller) -> None:
    assert counts(api, bucket="day") == [
        (hours_later(-12), 4),
        (hours_later(12), 1),
    ]


def test_a_bucket_has_the_documented_figures(api: Caller) -> None:
    first = api.get("performance/").json()["data"][0]

    assert first["success_rate"] == 1.0
    assert first["effectiveness"] == pytest.approx(4 / 5)
    assert 800 <= first["duration_p50"] <= first["duration_p95"] <= 802
    assert (first["tokens_mean"], first["memory_mean"]) == (100, 1 << 20)
    assert first["cost_sum"] == pytest.approx(0.75)


def test_it_is_filtered_by_pattern_model_and_time(api: Caller, owner: Project) -> None:
    patterns = {row["task_type"]: row["id"] for row in api.get("patterns/").json()["data"]}

    assert [n for _, n in counts(api, pattern_id=patterns["task.0"])] == [2, 1]
    assert [n for _, n in counts(api, model_id="other")] == [1]
    assert [n for _, n in counts(api, model_id="none")] == []
    assert [n for _, n in counts(api, **{"from": hours_later(1)})] == [1, 1]
    assert [n for _, n in counts(api, to=hours_later(1))] == [3]


def test_after_a_merge_the_pattern_has_the_figures_of_both(owner: Project) -> None:
    api = caller(owner)
    ids = [row["id"] for row in api.get("patterns/").json()["data"]]
    (merged,) = api.post("patterns/merge/", {"ids": ids}).json()["patterns"]

    assert sum(n for _, n in counts(api, pattern_id=merged["id"])) == 5
    assert sum(n for _, n in counts(api)) == 5


@pytest.mark.parametrize(
    "query",
    [
        {"bucket": "minute"},
        {"from": "yesterday"},
        {"to": "2026-13-01"},
        {"from": "2026-11-23", "to": "2026-11-22"},
    ],
)
def test_nonsense_is_422(api: Caller, query: dict[str, str]) -> None:
    assert api.get("performance/", **query).status_code == 422


def test_a_pattern_that_is_not_there_has_no_figures(api: Caller) -> None:
    assert api.get("performance/", pattern_id="nonsense").status_code == 404
    unknown = api.get("performance/", pattern_id="00000000-0000-7000-8000-000000000001")
    assert unknown.json()["data"] == []


def test_it_reads_the_rollups_alone(api: Caller, django_assert_max_num_queries: Any) -> None:
    api.get("performance/")
    with django_assert_max_num_queries(2) as queries:
        api.get("performance/")
    assert "patterns_modelinteraction" not in str(queries.captured_queries)
