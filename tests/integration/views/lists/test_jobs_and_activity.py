"""Jobs and activity are lists like the others: filters, orders, panel, total, files."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from featurememory.models import Activity, Project
from integration.models import Job
from tests.builders import pattern_row, project
from tests.web import HTMX, browser, count_of, ids_in, person, text_of

pytestmark = pytest.mark.django_db
PANEL = {**HTMX, "HX-Target": "peek"}


@pytest.fixture
def owner() -> Project:
    return project("shop")


@pytest.fixture
def editor(owner: Project) -> Client:
    return browser(person("eva", may_change=True))


def job(owner: Project, kind: str, state: str, done: int = 0, actor: str = "eva") -> Job:
    return Job.objects.create(project=owner, kind=kind, state=state, done=done, actor=actor)


def rows_of(answer: Any) -> list[dict[str, str]]:
    text = b"".join(answer.streaming_content).decode()
    return list(csv.DictReader(io.StringIO(text)))


def test_jobs_are_filtered_sorted_and_counted(editor: Client, owner: Project) -> None:
    done, failed = job(owner, "import", "done", 5), job(owner, "import", "failed", 9)
    queued = job(owner, "recount", "queued", 1, actor="memory")

    def found(query: str) -> list[str]:
        return ids_in(editor.get(f"/jobs/?{query}"))

    assert found("state=failed") == [str(failed.pk)]
    assert found("state=running,queued") == [str(queued.pk)]
    assert found("sort=done") == [str(queued.pk), str(done.pk), str(failed.pk)]
    assert found("actor=memory&range=24h") == [str(queued.pk)]
    assert count_of(editor, "jobs", "kind=import") == "2"


@pytest.mark.parametrize("sort", ["took", "-took"])
def test_jobs_are_sorted_by_how_long_they_took_those_that_run_last(
    editor: Client, owner: Project, sort: str
) -> None:
    start = timezone.now()
    rows = [job(owner, "import", "done") for _ in range(5)]
    for minutes, row in enumerate(rows[:4]):
        ended = start + timedelta(minutes=minutes, microseconds=1)
        Job.objects.filter(pk=row.pk).update(started_at=start, ended_at=ended)

    found: list[str] = []
    query: str | None = f"sort={sort}&limit=2"
    while query:
        page = editor.get(f"/jobs/?{query}")
        found += ids_in(page)
        query = page.context["listing"].next

    order = rows[:4] if sort == "took" else rows[3::-1]
    assert found == [str(row.pk) for row in [*order, rows[4]]]
    assert rows_of(editor.get("/jobs/jobs.csv?sort=-took"))[0]["took"] == "180.000001"


def test_the_panel_of_a_job_goes_on_inside_the_filter(editor: Client, owner: Project) -> None:
    rows = [job(owner, "import", "done", n) for n in range(3)]
    job(owner, "import", "failed", 9)

    answer = editor.get(f"/jobs/?state=done&sort=done&peek={rows[1].pk}", headers=PANEL)
    panel = answer.context["listing"].panel

    assert panel.previous.endswith(f"peek={rows[0].pk}")
    assert panel.next.endswith(f"peek={rows[2].pk}")
    assert 'id="rows"' not in text_of(answer)


def test_starting_a_job_with_a_mistake_shows_the_list_again(editor: Client, owner: Project) -> None:
    old = job(owner, "import", "done")

    answer = editor.post("/jobs/", {"kind": "import"})

    assert answer.status_code == 422
    assert ids_in(answer) == [str(old.pk)]


def test_activity_is_searched_and_filtered_by_a_click(editor: Client, owner: Project) -> None:
    Activity.objects.create(project=owner, actor="eva", verb="edit", summary="Set label")
    Activity.objects.create(project=owner, actor="memory", verb="config", summary="Thresholds")

    page = text_of(editor.get("/activity/"))

    assert 'href="/activity/?actor=eva"' in page
    assert len(ids_in(editor.get("/activity/?actor=memory"))) == 1
    assert len(ids_in(editor.get("/activity/?q=LABEL"))) == 1
    assert count_of(editor, "activity", "verb=edit") == "1"


def test_undo_stands_in_its_row_for_editors_only(editor: Client, owner: Project) -> None:
    row = pattern_row(owner, 1)
    editor.post("/patterns/prune/", {"ids": [str(row.pk)]}, headers=HTMX)
    viewer = browser(person("vera"))

    assert 'formaction="/patterns/restore/">Undo' in text_of(editor.get("/activity/"))
    assert "Undo</button>" not in text_of(viewer.get("/activity/"))


@pytest.mark.parametrize("name", ["jobs", "activity"])
def test_files_hold_the_view_or_the_selection(editor: Client, owner: Project, name: str) -> None:
    for n in range(3):
        job(owner, "import", "done", n)
        Activity.objects.create(project=owner, actor="eva", verb="edit", summary=f"=1+{n}")
    every = rows_of(editor.get(f"/{name}/{name}.csv"))

    ticked = rows_of(editor.get(f"/{name}/{name}.csv?query=&ids={every[1]['id']}&ids=nonsense"))

    assert len(every) >= 3
    assert [row["id"] for row in ticked] == [every[1]["id"]]
    assert all(not value.startswith("=") for row in every for value in row.values())


@pytest.mark.parametrize("path", ["/jobs/", "/activity/"])
def test_a_list_asks_at_most_twelve_queries(
    editor: Client, owner: Project, path: str, django_assert_max_num_queries: Any
) -> None:
    job(owner, "import", "done")
    editor.get(path)

    with django_assert_max_num_queries(12):
        editor.get(path)


def test_a_change_opens_beside_the_list(editor: Client, owner: Project) -> None:
    first = Activity.objects.create(project=owner, actor="eva", verb="edit", summary="Pinned A")
    second = Activity.objects.create(project=owner, actor="eva", verb="edit", summary="Pinned B")

    panel = text_of(editor.get(f"/activity/?peek={second.pk}", headers=PANEL))

    assert "<h2>Pinned B</h2>" in panel
    assert f"peek={first.pk}" in panel


def test_the_undo_column_shows_only_where_something_can_be_undone(
    editor: Client, owner: Project
) -> None:
    Activity.objects.create(project=owner, actor="eva", verb="edit", summary="Pinned A")
    assert ">Undo</th>" not in text_of(editor.get("/activity/"))

    row = pattern_row(owner, 1)
    editor.post("/patterns/prune/", {"ids": [str(row.pk)]})
    assert ">Undo</th>" in text_of(editor.get("/activity/"))
