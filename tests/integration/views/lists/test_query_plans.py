"""Lists stay fast however much is stored: few queries, and none that reads a table whole."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from featurememory.access import preferences
from featurememory.lists import layouts
from featurememory.models import Activity, Project, SavedView
from integration.models import Job
from integration.views.lists.specs import SPECS
from patterns.models import ModelInteraction
from tests.builders import learned, project
from tests.featurememory.database.plans import explain
from tests.web import browser, person

pytestmark = pytest.mark.django_db
LARGE = (
    "patterns_modelinteraction",
    "patterns_payload",
    "patterns_pattern",
    "patterns_patternhour",
    "optimizations_decision",
    "featurememory_activity",
)
QUERIES = {
    "patterns": ("status=candidate", "task_type=task.1", "range=24h", "model_id=m"),
    "interactions": (
        *("tag=env%3Dprod", "error=timeout", "session_id=s-1", "decision_id=d-1", "did=applied"),
        *("did=held_out", "did=watched", "state=failed", "state=pending", "success=false"),
        *("model_id=m", "task_type=task.1", "q=task.1", "q=i-1", "range=24h"),
    ),
    "activity": ("actor=memory", "verb=edit", "range=24h"),
    "jobs": ("state=failed", "range=24h"),
}


@pytest.fixture
def owner() -> Project:
    made = project("shop")
    learned(made, 40, tasks=5)
    for n in range(3):
        Activity.objects.create(project=made, actor="eva", verb="edit", summary="Set label")
        Job.objects.create(project=made, kind="rollups", state="done", done=n, actor="eva")
    return made


@pytest.fixture
def user(owner: Project) -> Any:
    return person("vera")


@pytest.fixture
def viewer(user: Any) -> Client:
    return browser(user)


def addresses() -> list[tuple[str, str]]:
    sorts = [
        (name, f"sort={way}{one}")
        for name, spec in SPECS.items()
        if name != "models"  # its few rows are put in order by Python
        for one in sorted(spec.sorts)
        for way in ("", "-")
    ]
    return sorts + [(name, query) for name, queries in QUERIES.items() for query in queries]


def read_queries(viewer: Client, path: str) -> list[str]:
    with CaptureQueriesContext(connection) as asked:
        assert viewer.get(path).status_code == 200
    return [query["sql"] for query in asked]


def scans(sql: str) -> list[str]:
    """The large tables that this query reads whole."""
    plan = explain(sql)
    found = re.findall(r"^SCAN (\w+)|Seq Scan on (\w+)", plan, re.MULTILINE)
    return [one for pair in found for one in pair if one in LARGE]


@pytest.mark.parametrize(("name", "query"), addresses())
def test_no_filter_and_no_order_reads_a_table_whole(
    viewer: Client, owner: Project, name: str, query: str
) -> None:
    viewer.get(f"/{name}/")
    asked = read_queries(viewer, f"/{name}/?{query}")

    assert len(asked) <= 12
    for sql in asked:
        if sql.startswith("SELECT"):
            assert not scans(sql), sql


def test_a_table_that_is_read_whole_is_noticed(owner: Project) -> None:
    sql = str(ModelInteraction.objects.filter(duration__gt=1).query)

    assert scans(sql) == ["patterns_modelinteraction"]


@pytest.mark.parametrize("name", SPECS)
def test_all_columns_and_many_views_cost_no_query_more(
    viewer: Client, user: Any, owner: Project, name: str
) -> None:
    spec = SPECS[name]
    every = layouts.Layout(tuple(column.name for column in spec.columns))
    layouts.save_layout(user, spec, every)
    preferences.preferences_of(user)
    for n in range(5):
        SavedView.objects.create(project=owner, list_name=name, name=f"v{n}", query="")
    viewer.get(f"/{name}/")

    assert len(read_queries(viewer, f"/{name}/")) <= 12
    assert len(read_queries(viewer, f"/{name}/?limit=200")) <= 12
