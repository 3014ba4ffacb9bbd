"""The list of patterns as people work with it: cells that filter, peek, views, columns, exports."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from featurememory.models import Activity, Project, SavedView
from patterns.models import Operation, Pattern
from patterns.views.pattern_columns import SPEC
from tests.builders import learned, pattern_row, project
from tests.web import HTMX, browser, count_of, ids_in, member, person, text_of

pytestmark = pytest.mark.django_db
PANEL = {**HTMX, "HX-Target": "peek"}


@pytest.fixture
def owner() -> Project:
    return project("shop")


@pytest.fixture
def viewer(owner: Project) -> Client:
    return browser(person("vera"))


@pytest.fixture
def editor(owner: Project) -> Client:
    return browser(person("eva", may_change=True))


def ids(rows: list[Pattern]) -> list[str]:
    return [str(row.pk) for row in rows]


def heads_in(response: Any) -> list[str]:
    found = re.findall(r'<th scope="col"[^>]*>(?:<a[^>]*>)?([^<]+)', text_of(response))
    return [name.split(" ↓")[0].split(" ↑")[0] for name in found]


def test_a_cell_filters_by_its_value_and_keeps_search_and_order(
    viewer: Client, owner: Project
) -> None:
    pattern_row(owner, 1, status="validated")

    page = text_of(viewer.get("/patterns/?q=order&sort=confidence"))

    link = 'class="pick" tabindex="-1" href="/patterns/?q=order&amp;sort=confidence&amp;status=v'
    assert link in page


def test_a_period_narrows_by_when_a_pattern_was_seen_and_stays_in_the_views(
    viewer: Client, owner: Project
) -> None:
    pattern_row(owner, 1, last_used="2020-01-01T00:00:00Z")
    fresh = pattern_row(owner, 2, last_used=timezone.now())

    response = viewer.get("/patterns/?range=7d")

    assert ids_in(response) == [str(fresh.pk)]
    assert all("range=7d" in tab.query for tab in response.context["listing"].tabs)
    assert "range=7d" in response.context["listing"].clear


def test_effectiveness_is_filtered_by_the_percentage_that_the_list_shows(
    viewer: Client, owner: Project
) -> None:
    pattern_row(owner, 1, effectiveness=0.6)
    good = pattern_row(owner, 2, effectiveness=0.8)

    for asked in ("70%25", "70", "0.7"):
        response = viewer.get(f"/patterns/?min_effectiveness={asked}")
        assert ids_in(response) == [str(good.pk)]
        assert "Effectiveness ≥ <b>70%</b>" in text_of(response)
        assert 'value="70%"' in text_of(response)
        assert "min_effectiveness=0.7" in response.context["listing"].query


def test_an_effectiveness_that_is_no_percentage_is_refused_with_words(viewer: Client) -> None:
    response = viewer.get("/patterns/?min_effectiveness=high")

    assert response.status_code == 422
    assert "min_effectiveness" in text_of(response)


def test_an_unknown_period_is_a_page_that_says_so(viewer: Client) -> None:
    response = viewer.get("/patterns/?range=forever")

    assert response.status_code == 422
    assert "must be among 24h, 7d, 30d, 90d" in text_of(response)


def test_the_panel_shows_a_pattern_and_leads_to_its_neighbours_in_the_filter(
    viewer: Client, owner: Project
) -> None:
    rows = [pattern_row(owner, n, use_count=n, task_type=f"t.{n % 2}") for n in range(6)]

    page = viewer.get(f"/patterns/?task_type=t.1&sort=use_count&peek={rows[3].pk}", headers=PANEL)

    panel = page.context["listing"].panel
    assert panel.row == rows[3]
    assert panel.previous.endswith(f"peek={rows[1].pk}")
    assert "task_type=t.1" in panel.previous
    assert panel.next.endswith(f"peek={rows[5].pk}")


def test_the_ends_of_a_list_have_one_neighbour(viewer: Client, owner: Project) -> None:
    rows = [pattern_row(owner, n, use_count=n) for n in range(2)]

    first = viewer.get(f"/patterns/?peek={rows[1].pk}", headers=PANEL).context["listing"].panel
    last = viewer.get(f"/patterns/?peek={rows[0].pk}", headers=PANEL).context["listing"].panel

    assert (first.previous, last.next) == ("", "")
    assert first.next
    assert last.previous


def test_script_gets_only_the_panel(viewer: Client, owner: Project) -> None:
    row = pattern_row(owner, 1)

    part = text_of(viewer.get(f"/patterns/?peek={row.pk}", headers=PANEL))

    assert 'id="rows"' not in part
    assert f"/patterns/{row.pk}/" in part


@pytest.mark.parametrize("name", ["nonsense", "019ad7aa-0000-7000-8000-000000000000", "%00"])
def test_a_panel_of_nothing_leaves_the_list(viewer: Client, owner: Project, name: str) -> None:
    row = pattern_row(owner, 1)

    assert ids_in(viewer.get(f"/patterns/?peek={name}")) == [str(row.pk)]
    assert text_of(viewer.get(f"/patterns/?peek={name}", headers=PANEL)).strip() == ""


def test_a_reloaded_page_asks_for_its_panel_and_without_script_links_the_record(
    viewer: Client, owner: Project
) -> None:
    row = pattern_row(owner, 1)

    page = text_of(viewer.get(f"/patterns/?q=order&peek={row.pk}"))

    assert f'hx-get="/patterns/?q=order&amp;peek={row.pk}"' in page
    assert f'<noscript><div class="in"><a href="/patterns/{row.pk}/">' in page


def test_the_panel_of_another_projects_pattern_stays_empty(viewer: Client, owner: Project) -> None:
    other = pattern_row(project("elsewhere"), 1)
    viewer.post("/project/", {"project": "shop"})

    assert viewer.get(f"/patterns/?peek={other.pk}", headers=PANEL).context["listing"].panel is None


def test_a_panel_asks_at_most_twelve_queries(
    viewer: Client, owner: Project, django_assert_max_num_queries: Any
) -> None:
    learned(owner, 60, tasks=10)
    row = Pattern.objects.filter(project=owner).first()
    assert row
    viewer.get("/patterns/")

    with django_assert_max_num_queries(12):
        viewer.get(f"/patterns/?peek={row.pk}", headers=PANEL)


def test_columns_are_shown_in_the_order_a_person_chose(viewer: Client, owner: Project) -> None:
    pattern_row(owner, 1)

    viewer.post(
        "/lists/patterns/columns/",
        {"order": ["name", "use_count", "status", "p95"], "shown": ["use_count", "status"]},
    )

    assert heads_in(viewer.get("/patterns/")) == ["Pattern", "Matches", "State"]


def test_every_column_can_be_shown(viewer: Client, owner: Project) -> None:
    learned(owner, 4)
    every = [column.name for column in SPEC.columns]

    viewer.post("/lists/patterns/columns/", {"order": every, "shown": every})

    assert heads_in(viewer.get("/patterns/")) == [column.title for column in SPEC.columns]


def test_columns_are_kept_for_each_person(viewer: Client, editor: Client, owner: Project) -> None:
    pattern_row(owner, 1)
    before = heads_in(editor.get("/patterns/"))

    viewer.post("/lists/patterns/columns/", {"order": ["name", "status"], "shown": ["status"]})

    assert heads_in(editor.get("/patterns/")) == before


def test_pinned_columns_come_first_and_a_dense_list_says_so(viewer: Client, owner: Project) -> None:
    pattern_row(owner, 1)
    order = ["name", "status", "last_used"]

    viewer.post(
        "/lists/patterns/columns/",
        {"order": order, "shown": order, "pinned": ["last_used"], "dense": "1"},
    )
    page = viewer.get("/patterns/")

    assert heads_in(page) == ["Pattern", "Last seen", "State"]
    assert 'class="cards dense"' in text_of(page)


def test_a_column_moves_without_script_and_the_form_stays(viewer: Client, owner: Project) -> None:
    order = ["name", "status", "confidence"]

    answer = viewer.post(
        "/lists/patterns/columns/", {"order": order, "shown": order, "move": "confidence:up"}
    )

    assert answer.status_code == 200
    pattern_row(owner, 1)
    assert heads_in(viewer.get("/patterns/")) == ["Pattern", "Confidence", "State"]


def test_as_shipped_forgets_what_was_arranged(viewer: Client, owner: Project) -> None:
    pattern_row(owner, 1)
    before = heads_in(viewer.get("/patterns/"))
    viewer.post("/lists/patterns/columns/", {"order": ["name"], "shown": []})

    viewer.post("/lists/patterns/columns/", {"reset": "1"})

    assert heads_in(viewer.get("/patterns/")) == before


def test_a_saved_view_is_a_tab_for_everybody_with_its_count(
    editor: Client, viewer: Client, owner: Project
) -> None:
    for n in range(3):
        pattern_row(owner, n, task_type=f"t.{n}")

    editor.post(
        "/lists/patterns/views/", {"name": " Just  one ", "query": "task_type=t.1&cursor=x"}
    )
    tabs = viewer.get("/patterns/").context["listing"].saved

    assert [(tab.name, tab.query) for tab in tabs] == [("Just one", "task_type=t.1")]
    assert count_of(viewer, "patterns", "task_type=t.1") == "1"
    assert viewer.get("/patterns/?task_type=t.1").context["listing"].saved[0].current
    assert Activity.objects.filter(project=owner, verb="view").exists()


def test_a_view_of_the_same_name_is_replaced_and_can_be_deleted(
    editor: Client, owner: Project
) -> None:
    for query in ("status=drifting", "status=candidate"):
        editor.post("/lists/patterns/views/", {"name": "Mine", "query": query})
    (view,) = SavedView.objects.all()

    assert view.query == "status=candidate"
    editor.post("/lists/patterns/views/", {"delete": str(view.pk)})
    assert editor.get("/patterns/").context["listing"].saved == []


def test_undo_brings_a_deleted_view_back(editor: Client, owner: Project) -> None:
    path = "/lists/patterns/views/"
    editor.post(path, {"name": "Mine", "query": "status=drifting"})
    view = SavedView.objects.get()

    page = text_of(editor.post(path, {"delete": str(view.pk)}, follow=True))
    assert f'action="{path}?restore={view.pk}"' in page
    editor.post(f"{path}?restore={view.pk}")

    assert [tab.name for tab in editor.get("/patterns/").context["listing"].saved] == ["Mine"]
    assert "gone for good" in text_of(editor.post(f"{path}?restore={view.pk}", follow=True))


def test_saving_a_view_of_a_deleted_name_replaces_it(editor: Client, owner: Project) -> None:
    path = "/lists/patterns/views/"
    editor.post(path, {"name": "Mine", "query": "status=drifting"})
    editor.post(path, {"delete": str(SavedView.objects.get().pk)})

    editor.post(path, {"name": "Mine", "query": "status=candidate"})

    (tab,) = editor.get("/patterns/").context["listing"].saved
    assert tab.query == "status=candidate"


def test_deleted_views_are_kept_in_a_limited_number(
    editor: Client, owner: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("featurememory.lists.saved_views.MOST_VIEWS", 2)
    for n in range(4):
        editor.post("/lists/patterns/views/", {"name": f"view {n}", "query": f"task_type={n}"})
        view = SavedView.objects.get(deleted_at=None)
        editor.post("/lists/patterns/views/", {"delete": str(view.pk)})

    assert sorted(SavedView.objects.values_list("name", flat=True)) == ["view 2", "view 3"]


@pytest.mark.parametrize("name", ["", "x" * 61, "\x00"])
def test_a_view_needs_a_name(editor: Client, owner: Project, name: str) -> None:
    assert editor.post("/lists/patterns/views/", {"name": name}).status_code == 422


def test_a_viewer_sees_views_but_saves_and_deletes_none(viewer: Client, owner: Project) -> None:
    page = text_of(viewer.get("/lists/patterns/views/"))

    assert "Save view" not in page
    assert viewer.post("/lists/patterns/views/", {"name": "Mine"}).status_code == 403


def test_a_shared_link_opens_in_its_project_for_those_who_may_see_it(owner: Project) -> None:
    project("other")
    row = pattern_row(owner, 1)
    client = browser(member("mia", shop="viewer", other="viewer"))
    client.post("/project/", {"project": "other"})
    stranger = browser(member("sam", other="viewer"))

    assert ids_in(client.get("/patterns/?project=shop")) == [str(row.pk)]
    assert ids_in(stranger.get("/patterns/?project=shop")) == []


def test_files_hold_the_ticked_rows_or_all_that_match(viewer: Client, owner: Project) -> None:
    rows = [pattern_row(owner, n, use_count=n, task_type=f"t.{n % 2}") for n in range(4)]

    def read(query: str) -> list[str]:
        answer: Any = viewer.get(f"/patterns/patterns.jsonl?{query}")
        lines = b"".join(answer.streaming_content).splitlines()
        return [json.loads(line)["id"] for line in lines]

    ticked = f"query=sort%3Duse_count&ids={rows[2].pk}&ids={rows[0].pk}&all="
    assert read(ticked) == ids([rows[0], rows[2]])
    every = f"query=task_type%3Dt.1%26sort%3Duse_count&ids={rows[1].pk}&all=1"
    assert read(every) == ids([rows[1], rows[3]])


def test_an_unknown_list_cannot_be_arranged(viewer: Client, owner: Project) -> None:
    assert viewer.get("/lists/nothing/columns/").status_code == 404


def test_pinning_many_is_undone_as_a_whole(editor: Client, owner: Project) -> None:
    rows = [pattern_row(owner, n) for n in range(3)]
    editor.post("/patterns/pin/", {"ids": ids(rows)}, headers=HTMX)
    operation = Operation.objects.get(kind="pin")

    answer = editor.post("/patterns/restore/", {"operation_id": str(operation.pk)}, headers=HTMX)

    assert "Restored 3 patterns" in text_of(answer)
    assert not Pattern.objects.filter(project=owner, pinned=True).exists()


def test_what_a_bulk_action_could_not_take_is_said(editor: Client, owner: Project) -> None:
    rows = [pattern_row(owner, n, pinned=n == 0) for n in range(3)]
    gone = pattern_row(owner, 9, status="archived")

    pin = editor.post("/patterns/pin/", {"ids": ids([*rows, gone])}, headers=HTMX)
    prune = editor.post("/patterns/prune/", {"ids": ids([rows[0], gone])}, headers=HTMX)

    said = "Pinned 2 patterns. 1 already was. 1 ticked is no longer in the list."
    assert said in text_of(pin)
    assert "1 ticked is no longer in the list." in text_of(prune)


def test_where_few_match_they_are_read_by_their_ids_in_the_same_order(
    viewer: Client, owner: Project, monkeypatch: Any
) -> None:
    for number in range(5):
        pattern_row(owner, number, model_id="rare" if number < 2 else "usual", use_count=number)
    monkeypatch.setattr("patterns.models.patterns.FEW", 2)
    few, many = (Pattern.objects.filter(model_id=name) for name in ("rare", "usual"))

    assert set(few.narrowed()) == set(few)
    assert "model_id" not in str(few.narrowed().query.where)
    assert str(many.narrowed().query) == str(many.query)
    for model, numbers in (("rare", [1, 0]), ("usual", [4, 3, 2])):
        page = viewer.get(f"/patterns/?model_id={model}")
        rows = [Pattern.objects.get(use_count=number) for number in numbers]
        assert ids_in(page) == ids(rows)
