"""The list of interactions: every filter, every order, the panel, files; each within bounds."""

from __future__ import annotations

import csv
import io
import json
import re
import time
from typing import Any

import pytest
from django.test import Client

from featurememory.models import Project
from optimizations.models import Decision
from optimizations.views.interactions import payload_search, sorted_window
from patterns.models import ModelInteraction, SharedWords
from patterns.storage import tag_blocks
from patterns.storage.shared_words import forget_words
from tests.builders import item, keep, learn_all, project
from tests.web import HTMX, browser, count_of, ids_in, person, text_of

pytestmark = pytest.mark.django_db
PANEL = {**HTMX, "HX-Target": "peek"}


@pytest.fixture
def owner() -> Project:
    return project("shop")


@pytest.fixture
def viewer(owner: Project) -> Client:
    return browser(person("vera"))


@pytest.fixture
def calls(owner: Project) -> Project:
    """i-0 to i-5: two failed with an error, tags, a session, odd sizes."""
    made = []
    for n in range(6):
        call = item(n, task_type=f"t.{n % 2}", model_id=f"m-{n % 3}")
        call["metadata"]["duration"] = 100.0 * ((n * 5) % 6)
        call["tags"] = {"env": "prod" if n % 2 else "test", "build": n}
        call["session_id"] = f"s-{n // 3}"
        if n in (2, 4):
            call |= {"error": f"Timeout after {n} s", "success": False}
        made.append(call)
    keep(owner, made)
    learn_all(owner)
    return owner


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("error=timeout", ["i-4", "i-2"]),
        ("error=after+4", ["i-4"]),
        ("error=nothing", []),
        ("tag=env", ["i-5", "i-4", "i-3", "i-2", "i-1", "i-0"]),
        ("tag=env%3Dprod", ["i-5", "i-3", "i-1"]),
        ("tag=build%3D4", ["i-4"]),
        ("tag=absent", []),
        ("session_id=s-0", ["i-2", "i-1", "i-0"]),
        ("model_id=m-1&error=timeout", ["i-4"]),
        ("success=false", ["i-4", "i-3", "i-2"]),
        ("did=watched&model_id=m-0", ["i-3", "i-0"]),
        ("did=applied", []),
        ("sort=duration", ["i-0", "i-5", "i-4", "i-3", "i-2", "i-1"]),
        ("sort=-duration&task_type=t.1", ["i-1", "i-3", "i-5"]),
    ],
)
def test_calls_are_found_by_what_they_have(
    viewer: Client, calls: Project, query: str, ids: list[str]
) -> None:
    assert ids_in(viewer.get(f"/interactions/?{query}")) == ids


def test_calls_are_found_by_their_decision_and_what_it_did(viewer: Client, calls: Project) -> None:
    for name, arm in (("i-1", "treatment"), ("i-2", "holdout"), ("i-3", "")):
        Decision.objects.create(project=calls, id=f"d-{name}", at=0, arm=arm)
        ModelInteraction.objects.filter(project=calls, id=name).update(decision_id=f"d-{name}")

    def found(query: str) -> list[str]:
        return ids_in(viewer.get(f"/interactions/?{query}"))

    assert found("did=applied") == ["i-1"]
    assert found("did=held_out") == ["i-2"]
    assert found("did=watched") == ["i-5", "i-4", "i-3", "i-0"]
    assert found("decision_id=d-i-2") == ["i-2"]


def test_a_search_in_payloads_goes_on_where_its_page_ended(
    viewer: Client, calls: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(payload_search, "SEARCHED", 2)
    found: list[str] = []
    query: str | None = "tag=env%3Dprod"
    for _ in range(9):
        response = viewer.get(f"/interactions/?{query}")
        found += ids_in(response)
        query = response.context["listing"].next
        if query is None:
            break

    assert found == ["i-5", "i-3", "i-1"]
    assert query is None


def test_an_order_without_an_index_stays_within_the_newest(
    viewer: Client, calls: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sorted_window, "WINDOW", 2)

    first = viewer.get("/interactions/?sort=-duration&limit=2")

    assert ids_in(first) == ["i-4", "i-5"]
    assert first.context["listing"].next is None
    assert "in order among the newest" in text_of(first)


@pytest.mark.parametrize("cursor", ["x", "12", "a.b", "9" * 30 + ".x", ".", "1.%00"])
def test_a_foreign_cursor_of_an_order_is_a_page_that_says_so(
    viewer: Client, calls: Project, cursor: str
) -> None:
    assert viewer.get(f"/interactions/?sort=duration&cursor={cursor}").status_code == 422


def test_an_unknown_order_is_a_page_that_says_so(viewer: Client, calls: Project) -> None:
    response = viewer.get("/interactions/?sort=colour")

    assert response.status_code == 422
    assert "must be among" in text_of(response)


def test_the_panel_goes_on_inside_the_filter(viewer: Client, calls: Project) -> None:
    panel = (
        viewer.get("/interactions/?task_type=t.0&peek=i-2", headers=PANEL).context["listing"].panel
    )

    assert panel.row.row.id == "i-2"
    assert panel.previous.endswith("peek=i-4")
    assert panel.next.endswith("peek=i-0")


def test_the_panel_goes_on_inside_a_search_in_payloads(viewer: Client, calls: Project) -> None:
    panel = (
        viewer.get("/interactions/?error=timeout&peek=i-4", headers=PANEL).context["listing"].panel
    )

    assert panel.previous == ""
    assert panel.next.endswith("peek=i-2")


def test_script_gets_only_the_panel(viewer: Client, calls: Project) -> None:
    part = text_of(viewer.get("/interactions/?peek=i-2", headers=PANEL))

    assert 'id="rows"' not in part
    assert "Timeout after 2 s" in part


@pytest.mark.parametrize(
    ("query", "count"), [("", "6"), ("success=false", "3"), ("error=timeout", "2"), ("q=i-1", "1")]
)
def test_the_total_follows_the_filter(
    viewer: Client, calls: Project, query: str, count: str
) -> None:
    assert count_of(viewer, "interactions", query) == count


def test_files_hold_exactly_the_view_or_the_selection(viewer: Client, calls: Project) -> None:
    def body(path: str) -> str:
        answer: Any = viewer.get(path)
        return b"".join(answer.streaming_content).decode()

    rows = list(csv.DictReader(io.StringIO(body("/interactions/interactions.csv?error=timeout"))))
    assert [row["id"] for row in rows] == ["i-4", "i-2"]
    ticked = body("/interactions/interactions.jsonl?query=&ids=i-1&ids=i-3")
    assert [json.loads(line)["id"] for line in ticked.splitlines()] == ["i-3", "i-1"]


def test_in_a_content_free_project_people_find_and_take_along_the_words_they_read(
    viewer: Client, owner: Project
) -> None:
    SharedWords.objects.create(project=owner, words={"hijklmnop": ["timeout", 99]})
    forget_words()
    call = item(1, input="hijklmnop qrstuvwxy", error="Hijklmnop of 4 s", success=False)
    keep(owner, [{**call, "tags": {"env": "hijklmnop"}}])
    learn_all(owner)

    assert ids_in(viewer.get("/interactions/?error=timeout")) == ["i-1"]
    assert ids_in(viewer.get("/interactions/?tag=env%3Dtimeout")) == ["i-1"]
    panel = viewer.get("/interactions/?peek=i-1", headers=PANEL).context
    assert "Timeout of 4 s" in [part["text"] for part in panel["parts"]]
    answer: Any = viewer.get("/interactions/interactions.csv")
    (row,) = csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode()))
    assert row["input"] == "timeout qrstuvwxy"


def test_a_page_of_interactions_asks_at_most_twelve_queries(
    viewer: Client, calls: Project, django_assert_max_num_queries: Any
) -> None:
    viewer.get("/interactions/")
    for query in ("", "peek=i-2", "error=timeout", "sort=duration"):
        with django_assert_max_num_queries(12):
            viewer.get(f"/interactions/?{query}")
    with django_assert_max_num_queries(12):
        viewer.get("/interactions/?peek=i-2", headers=PANEL)


def test_a_rare_tag_is_found_at_once_however_far_back(
    viewer: Client, owner: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tag_blocks, "BLOCK", 4)
    monkeypatch.setattr(tag_blocks, "SETTLED_MS", -60_000)
    monkeypatch.setattr(payload_search, "SEARCHED", 9)
    keep(owner, [item(n, tags={"kind": "rare" if n in (2, 50) else "usual"}) for n in range(100)])
    tag_blocks.make_blocks(owner.pk, time.monotonic() + 60)

    response = viewer.get("/interactions/?tag=kind%3Drare")

    assert ids_in(response) == ["i-50", "i-2"]
    assert response.context["listing"].next is None
    assert count_of(viewer, "interactions", "tag=kind%3Drare") == "2"
    panel = viewer.get("/interactions/?tag=kind%3Drare&peek=i-50", headers=PANEL)
    assert "peek=i-2" in panel.context["listing"].panel.next
    answer: Any = viewer.get("/interactions/interactions.jsonl?tag=kind%3Drare")
    assert b"".join(answer.streaming_content).count(b"\n") == 2


def test_a_tag_in_many_places_asks_few_queries_and_goes_on(
    viewer: Client,
    owner: Project,
    monkeypatch: pytest.MonkeyPatch,
    django_assert_max_num_queries: Any,
) -> None:
    monkeypatch.setattr(tag_blocks, "BLOCK", 2)
    monkeypatch.setattr(tag_blocks, "SETTLED_MS", -60_000)
    monkeypatch.setattr(payload_search, "RANGES", 3)
    keep(owner, [item(n, tags={"kind": f"k-{n % 5}"}) for n in range(100)])
    tag_blocks.make_blocks(owner.pk, time.monotonic() + 60)
    viewer.get("/interactions/?tag=kind%3Dk-0")
    found: list[str] = []
    query: str | None = "tag=kind%3Dk-0"
    while query is not None:
        with django_assert_max_num_queries(12):
            response = viewer.get(f"/interactions/?{query}")
        found += ids_in(response)
        query = response.context["listing"].next

    assert found == [f"i-{n}" for n in range(95, -1, -5)]


def test_a_search_without_a_match_goes_on_by_itself_and_says_how_far_it_is(
    viewer: Client, calls: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(payload_search, "SEARCHED", 2)

    response = viewer.get("/interactions/?tag=absent")

    oldest = ModelInteraction.objects.get(id="i-4")
    assert response.context["reached"] == oldest.timestamp
    page = text_of(response)
    (link,) = re.findall(r'<a class="btn" rel="next" href="([^"]+)"', page)
    assert f'hx-get="{link}" hx-trigger="load delay:300ms" hx-target="#rows"' in page
    assert "data-stop" in page
    by_itself = {**HTMX, "HX-Trigger": "searching"}
    while (following := response.context["listing"].next) is not None:
        response = viewer.get(f"/interactions/?{following}", headers=by_itself)
        assert 'id="tabs"' not in text_of(response)  # whose counts would be asked for each time
    assert "No interaction matches these filters" in text_of(response)
    assert "data-stop" not in text_of(response)
