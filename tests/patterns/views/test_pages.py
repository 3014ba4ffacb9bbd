"""The pages of patterns and interactions: rows, filters, prune and undo, CSV, hostile text."""

from __future__ import annotations

import csv
import io
import json
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from featurememory.models import Activity, Project
from patterns.models import Operation, Pattern, PatternEvent
from tests.builders import item, items, keep, learn_all, learned, pattern_row, project
from tests.web import HTMX, browser, count_of, ids_in, person, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def editor() -> Client:
    return browser(person("eva", may_change=True))


@pytest.fixture
def viewer() -> Client:
    return browser(person("vic"))


def names(patterns: list[Pattern]) -> list[str]:
    return [str(pattern.pk) for pattern in patterns]


# --- the list ------------------------------------------------------------------------------------


def test_the_list_shows_every_stored_pattern_and_no_pruned_one(
    viewer: Client, owner: Project
) -> None:
    shown, hidden = pattern_row(owner, 1), pattern_row(owner, 2, status="archived")

    rows = ids_in(viewer.get("/patterns/"))

    assert str(shown.pk) in rows
    assert str(hidden.pk) not in rows


def test_filters_and_sort_are_the_query_string(viewer: Client, owner: Project) -> None:
    rows = [pattern_row(owner, n, use_count=n, task_type=f"t.{n % 2}") for n in range(6)]

    found = ids_in(viewer.get("/patterns/?task_type=t.1&sort=use_count"))

    assert found == names([rows[1], rows[3], rows[5]])


def test_htmx_gets_the_rows_and_what_else_changed(viewer: Client, owner: Project) -> None:
    pattern_row(owner, 1)

    part = text_of(viewer.get("/patterns/?q=order", headers=HTMX))

    assert "<html" not in part
    assert 'hx-swap-oob="innerHTML:.n-all"' in part
    assert "patterns.csv?q=order" in part


def test_going_back_in_the_history_gets_the_whole_page(viewer: Client, owner: Project) -> None:
    headers = {**HTMX, "HX-History-Restore-Request": "true"}

    assert "<html" in text_of(viewer.get("/patterns/", headers=headers))


def test_the_next_page_keeps_the_filter(viewer: Client, owner: Project) -> None:
    for n in range(5):
        pattern_row(owner, n)

    first = viewer.get("/patterns/?q=order&limit=2")
    second = viewer.get(f"/patterns/?{first.context['listing'].next}")

    assert "q=order" in first.context["listing"].next
    assert len(ids_in(second)) == 2
    assert not set(ids_in(first)) & set(ids_in(second))


def test_a_nonsense_filter_is_a_page_that_says_so(viewer: Client, owner: Project) -> None:
    response = viewer.get("/patterns/?min_confidence=two")

    assert response.status_code == 422
    assert "must be a number from 0 to 1" in text_of(response)


def test_the_views_count_what_they_show(viewer: Client, owner: Project) -> None:
    for n, status in enumerate(["validated", "validated", "candidate", "drifting", "archived"]):
        pattern_row(owner, n, status=status)

    found = {tab.name: tab.count for tab in viewer.get("/patterns/").context["listing"].tabs}

    assert found["All"] == 4
    assert (found["Validated"], found["Candidates"], found["Drifting"]) == (2, 1, 1)


def test_a_view_that_is_open_says_so(viewer: Client, owner: Project) -> None:
    tabs = viewer.get("/patterns/?status=validated").context["listing"].tabs

    assert [tab.name for tab in tabs if tab.current] == ["Validated"]


def test_every_filter_in_force_is_a_chip_that_can_be_taken_away(
    viewer: Client, owner: Project
) -> None:
    response = viewer.get("/patterns/?status=validated&min_confidence=0.5&q=x")

    chips = {chip.field: chip.without for chip in response.context["listing"].chips}

    assert chips == {
        "State": "min_confidence=0.5&q=x",
        "Confidence": "status=validated&q=x",
    }


def test_without_patterns_the_page_says_how_far_the_first_is(
    viewer: Client, owner: Project
) -> None:
    keep(owner, items(2))

    assert "2 of 3 similar interactions seen" in text_of(viewer.get("/patterns/"))


def test_a_row_has_the_figures_of_its_rollups(viewer: Client, owner: Project) -> None:
    learned(owner, 8)

    (row,) = viewer.get("/patterns/").context["listing"].rows

    assert sum(row.days) <= row.pattern.use_count == 8
    assert row.pattern.tokens_mean == 100


@pytest.mark.parametrize("path", ["/patterns/", "/interactions/", "/patterns/trash/"])
def test_a_list_asks_at_most_twelve_queries(
    viewer: Client, owner: Project, path: str, django_assert_max_num_queries: Any
) -> None:
    learned(owner, 60, tasks=10)
    viewer.get(path)

    with django_assert_max_num_queries(12):
        viewer.get(path)


# --- CSV and JSONL -------------------------------------------------------------------------------


def lines_of(response: Any) -> list[dict[str, str]]:
    text = b"".join(response.streaming_content).decode()
    return list(csv.DictReader(io.StringIO(text)))


def test_csv_holds_exactly_the_filtered_rows_in_their_order(viewer: Client, owner: Project) -> None:
    for n in range(7):
        pattern_row(owner, n, use_count=n, task_type=f"t.{n % 2}")
    query = "task_type=t.0&sort=-use_count"

    records = lines_of(viewer.get(f"/patterns/patterns.csv?{query}"))

    assert [r["id"] for r in records] == ids_in(viewer.get(f"/patterns/?{query}"))


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@cmd", "\t=1"])
def test_a_cell_that_a_spreadsheet_would_run_is_made_harmless(
    viewer: Client, owner: Project, text: str
) -> None:
    pattern_row(owner, 1, template=text)

    (record,) = lines_of(viewer.get("/patterns/patterns.csv"))

    assert record["template"] == "'" + text


def test_jsonl_holds_the_same_records(viewer: Client, owner: Project) -> None:
    pattern = pattern_row(owner, 1, use_count=3)

    answer: Any = viewer.get("/patterns/patterns.jsonl")
    raw = b"".join(answer.streaming_content)

    (record,) = [json.loads(line) for line in raw.splitlines()]
    assert (record["id"], record["use_count"]) == (str(pattern.pk), 3)


def test_csv_of_ticked_rows_holds_only_those(viewer: Client, owner: Project) -> None:
    wanted, _ = pattern_row(owner, 1), pattern_row(owner, 2)

    records = lines_of(viewer.get(f"/patterns/patterns.csv?ids={wanted.pk}"))

    assert [r["id"] for r in records] == [str(wanted.pk)]


# --- prune, undo, trash --------------------------------------------------------------------------


def test_the_dialog_counts_what_would_happen_and_changes_nothing(
    editor: Client, owner: Project
) -> None:
    rows = learned(owner, 9, tasks=3)[:2]

    page = text_of(editor.get("/patterns/prune/", {"ids": names(rows)}, headers=HTMX))

    assert "Prune 2 patterns?" in page
    assert f"<dd>{sum(row.use_count for row in rows)}</dd>" in page
    assert not Operation.objects.exists()


def test_pruning_is_one_operation_with_one_undo(editor: Client, owner: Project) -> None:
    rows = learned(owner, 9, tasks=3)

    answer = editor.post("/patterns/prune/", {"ids": names(rows[:2])}, headers=HTMX)
    left = ids_in(editor.get("/patterns/"))
    operation = Operation.objects.get()
    editor.post("/patterns/restore/", {"operation_id": operation.pk}, headers=HTMX)

    assert "Pruned 2 patterns." in text_of(answer)
    assert "changed" in answer["HX-Trigger"]
    assert left == names(rows[2:])
    assert sorted(ids_in(editor.get("/patterns/"))) == sorted(names(rows))


def test_without_script_pruning_leads_back_with_an_undo(editor: Client, owner: Project) -> None:
    rows = learned(owner, 9, tasks=3)

    page = editor.post("/patterns/prune/", {"ids": names(rows[:1])}, follow=True)

    assert "Pruned 1 pattern." in text_of(page)
    assert f'value="{Operation.objects.get().pk}"' in text_of(page)


def test_all_matching_is_frozen_when_the_dialog_opens(editor: Client, owner: Project) -> None:
    early = [pattern_row(owner, n, task_type="t") for n in (1, 2)]
    pattern_row(owner, 3, task_type="other")
    asked = editor.get("/patterns/prune/", {"all": "1", "query": "task_type=t"}).context
    late = pattern_row(owner, 9, task_type="t")

    form = {"all": "1", "query": "task_type=t", "upto": asked["upto"]}
    editor.post("/patterns/prune/", form, headers=HTMX)

    gone = Pattern.objects.filter(status="archived").values_list("pk", flat=True)
    assert set(gone) == {row.pk for row in early}
    assert late.pk not in gone


def test_the_trash_lists_who_pruned_and_until_when_it_is_kept(
    editor: Client, owner: Project
) -> None:
    (row,) = learned(owner, 4)
    editor.post("/patterns/prune/", {"ids": [str(row.pk)]})

    response = editor.get("/patterns/trash/")

    assert ids_in(response) == [str(row.pk)]
    assert "<td>eva</td>" in text_of(response)


def test_ticked_rows_come_back_from_the_trash(editor: Client, owner: Project) -> None:
    rows = learned(owner, 9, tasks=3)
    editor.post("/patterns/prune/", {"ids": names(rows)})

    form = {"ids": names(rows[:2]), "back": "/patterns/trash/"}
    page = editor.post("/patterns/restore/", form, follow=True)

    assert page.redirect_chain[-1][0] == "/patterns/trash/"
    assert Pattern.objects.stored().filter(project=owner).count() == 2


def test_a_person_chooses_which_pattern_of_a_merge_stays(editor: Client, owner: Project) -> None:
    rows = learned(owner, 7, tasks=2)
    ids = [str(row.pk) for row in rows]
    asked = text_of(editor.get("/patterns/merge/", {"ids": ids}, headers=HTMX))
    assert all(f'name="into" value="{name}"' in asked for name in ids)
    assert "Merge 2 patterns" in asked
    assert f"<dd>{sum(row.use_count for row in rows)}</dd>" in asked
    least = min(rows, key=lambda row: row.use_count)
    editor.post("/patterns/merge/", {"ids": ids, "into": str(least.pk)}, headers=HTMX)

    assert [row.pk for row in Pattern.objects.stored().filter(project=owner)] == [least.pk]


def test_a_merge_of_one_pattern_says_what_is_missing(editor: Client, owner: Project) -> None:
    (row,) = learned(owner, 3)
    asked = text_of(editor.get("/patterns/merge/", {"ids": [str(row.pk)]}, headers=HTMX))
    assert "at least two" in asked


CHANGES = [
    "/patterns/prune/",
    "/patterns/restore/",
    "/patterns/pin/",
    "/patterns/merge/",
    "/patterns/{}/split/",
    "/patterns/{}/label/",
    "/patterns/{}/note/",
    "/patterns/{}/note/1/delete/",
]


@pytest.mark.parametrize("path", CHANGES)
def test_a_viewer_is_refused_every_change(viewer: Client, owner: Project, path: str) -> None:
    (row,) = learned(owner, 4)
    before = Pattern.objects.values().get(pk=row.pk)

    response = viewer.post(path.format(row.pk), {"ids": [str(row.pk)]})

    assert response.status_code == 403
    assert Pattern.objects.values().get(pk=row.pk) == before


def test_a_viewer_finds_no_control_that_changes_anything(viewer: Client, owner: Project) -> None:
    (row,) = learned(owner, 4)

    for path in ("/patterns/", f"/patterns/{row.pk}/"):
        page = text_of(viewer.get(path))
        assert "Prune…" not in page
        assert "Save name" not in page
        assert "Add note" not in page


def test_a_pattern_of_another_project_is_never_pruned(editor: Client, owner: Project) -> None:
    keep(owner, items(1))
    foreign = pattern_row(project("other"), 1)

    editor.post("/patterns/prune/", {"ids": [str(foreign.pk)]})

    assert Pattern.objects.get(pk=foreign.pk).status != "archived"


# --- other decisions -----------------------------------------------------------------------------


def test_ticked_patterns_are_pinned_and_the_activity_tells(editor: Client, owner: Project) -> None:
    rows = learned(owner, 6, tasks=2)

    editor.post("/patterns/pin/", {"ids": names(rows)}, headers=HTMX)

    assert all(Pattern.objects.filter(project=owner).values_list("pinned", flat=True))
    told = Activity.objects.filter(project=owner, actor="eva").values_list("summary", flat=True)
    assert list(told) == ["Pinned 2 patterns"]
    assert PatternEvent.objects.filter(project=owner, kind="pinned").count() == 2


def test_pinning_many_asks_no_more_queries_than_pinning_two(editor: Client, owner: Project) -> None:
    asked = []
    for count in (2, 20):
        Pattern.objects.all().delete()
        rows = [pattern_row(owner, number) for number in range(count)]
        with CaptureQueriesContext(connection) as queries:
            editor.post("/patterns/pin/", {"ids": names(rows)}, headers=HTMX)
        asked.append(len(queries))
    assert asked[1] <= asked[0]
    assert not any("snapshot" in query["sql"] for query in queries)


def test_unpinning_on_the_page_of_a_pattern_leads_back_to_it(
    editor: Client, owner: Project
) -> None:
    (row,) = learned(owner, 4)
    editor.post("/patterns/pin/", {"ids": [str(row.pk)]})

    form = {"ids": [str(row.pk)], "single": str(row.pk), "pinned": "0"}
    response = editor.post("/patterns/pin/", form)

    assert response["Location"] == f"/patterns/{row.pk}/"
    assert not Pattern.objects.get(pk=row.pk).pinned


def test_a_label_takes_the_place_of_the_task_in_the_title(editor: Client, owner: Project) -> None:
    (row,) = learned(owner, 4)

    page = editor.post(f"/patterns/{row.pk}/label/", {"label": "Order status"}, follow=True)

    assert "<h1>Order status" in text_of(page)


# --- one pattern ---------------------------------------------------------------------------------


def test_the_page_of_a_pattern_agrees_with_its_row(viewer: Client, owner: Project) -> None:
    (row,) = learned(owner, 8)

    page = viewer.get(f"/patterns/{row.pk}/?range=90d")

    assert page.context["sums"].count == row.use_count == 8
    assert (
        page.context["chart"].rows[-1][1] + sum(r[1] for r in page.context["chart"].rows[:-1]) == 8
    )
    assert len(page.context["examples"]["rows"]) == 8


def test_shares_of_many_values_are_told_as_far_as_they_are_certain(
    viewer: Client, owner: Project
) -> None:
    top = [["Lyon", 0.25, 0.35], ["Nice", 0.01, 0.11]]
    slots = [{"name": "city", "type": "text", "distinct": 90, "top": top}]
    row = pattern_row(owner, 1, slots=slots)
    page = text_of(viewer.get(f"/patterns/{row.pk}/"))

    assert 'title="Between 25.0% and 35.0% of its uses: rare values are not all counted"' in page
    assert "≥ 25.0%" in page
    assert "≤ 75.0%" in page  # all others
    assert "Others are rare, such as" in page


def test_a_merged_pattern_leads_to_the_one_that_took_over(viewer: Client, owner: Project) -> None:
    into, gone = pattern_row(owner, 1), pattern_row(owner, 2, status="archived")
    Pattern.objects.filter(pk=gone.pk).update(redirect_to=into.pk)

    assert viewer.get(f"/patterns/{gone.pk}/")["Location"] == f"/patterns/{into.pk}/"


def test_a_pattern_of_another_project_does_not_exist(viewer: Client, owner: Project) -> None:
    keep(owner, items(1))
    foreign = pattern_row(project("other"), 1)

    assert viewer.get(f"/patterns/{foreign.pk}/").status_code == 404


def test_the_chart_of_a_pattern_has_its_twins(viewer: Client, owner: Project) -> None:
    (row,) = learned(owner, 4)

    table = text_of(viewer.get(f"/patterns/{row.pk}/chart/?range=90d", headers=HTMX))
    records = lines_of(viewer.get(f"/patterns/{row.pk}/chart.csv?range=90d"))

    assert table.count("<tr>") == 91
    assert sum(float(r["Matches"]) for r in records) == 4


def test_every_section_of_a_bare_pattern_states_its_reason(viewer: Client, owner: Project) -> None:
    row = pattern_row(owner, 1, features=[], slots=[])

    page = text_of(viewer.get(f"/patterns/{row.pk}/"))

    for reason in ("Nothing in this template varies", "No feature is common", "No examples stored"):
        assert reason in page


def test_the_page_of_a_pattern_asks_at_most_twelve_queries(
    viewer: Client, owner: Project, django_assert_max_num_queries: Any
) -> None:
    (row,) = learned(owner, 8)
    viewer.get(f"/patterns/{row.pk}/")

    with django_assert_max_num_queries(12):
        viewer.get(f"/patterns/{row.pk}/")


# --- interactions --------------------------------------------------------------------------------


def test_interactions_are_listed_newest_first_with_their_pattern(
    viewer: Client, owner: Project
) -> None:
    learned(owner, 4)

    response = viewer.get("/interactions/")

    assert ids_in(response) == ["i-3", "i-2", "i-1", "i-0"]
    assert all(line.pattern for line in response.context["listing"].rows)


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("success=false", ["i-3"]),
        ("q=i-1", ["i-1"]),
        ("task_type=task.1", ["i-3", "i-1"]),
        ("state=pending", []),
        ("state=nonsense&model_id=nobody", []),
    ],
)
def test_interactions_can_be_narrowed(
    viewer: Client, owner: Project, query: str, ids: list[str]
) -> None:
    learned(owner, 4, tasks=2)

    assert ids_in(viewer.get(f"/interactions/?{query}")) == ids


def test_a_chat_is_previewed_by_what_was_said_last(viewer: Client, owner: Project) -> None:
    messages = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hello!"}]
    keep(owner, [item(1, input={"messages": messages})])

    (line,) = viewer.get("/interactions/").context["listing"].rows

    assert line.text == "Hello!"


def test_an_interaction_shows_its_payload_as_it_was_sent(viewer: Client, owner: Project) -> None:
    keep(owner, [item(1, input={"a": [1, 2.50]}, output="Done.")])

    payload = viewer.get("/interactions/i-1/payload.json").json()

    assert payload["input"] == {"a": [1, 2.5]}
    assert "Done." in text_of(viewer.get("/interactions/i-1/"))


@pytest.mark.parametrize("name", ["a/b", "ü 1?x=1&y", "..", "100%"])
def test_an_interaction_may_have_any_id(viewer: Client, owner: Project, name: str) -> None:
    keep(owner, [item(1, id=name)])

    listing = viewer.get("/interactions/").context["listing"]
    url = listing.spec.row_link(listing.rows[0])

    assert url == f"/interactions/{quote(name, safe='')}/"
    assert viewer.get(url).status_code == 200


def test_a_damaged_payload_is_said_to_be_gone(viewer: Client, owner: Project) -> None:
    from tests.builders import damage

    keep(owner, [item(1)])
    damage(owner, "i-1")

    assert "Payload not available" in text_of(viewer.get("/interactions/i-1/"))
    assert "(the payload is damaged)" in text_of(viewer.get("/interactions/"))


HOSTILE = [
    '<img src=x onerror="boom()">',
    "</script><script>boom()</script>",
    '" autofocus onfocus="boom()',
    "{{ 7|add:7 }}{% csrf_token %}",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text_on_every_page(viewer: Client, owner: Project, text: str) -> None:
    keep(
        owner,
        [item(n, input=f"{text} {n}", task_type=text[:200], model_id=text[:200]) for n in range(4)],
    )
    learn_all(owner)
    (row, *_) = Pattern.objects.filter(project=owner)

    for path in ("/patterns/", f"/patterns/{row.pk}/", "/interactions/", "/interactions/i-1/"):
        # Names in the data of a chart are JSON: there \\" is text.
        page = text_of(viewer.get(path)).replace('\\"', "'")
        for live in ("<img src=x", "<script>boom", '" autofocus'):
            assert live not in page, path


def test_select_all_is_offered_only_when_there_is_more_than_one_page(
    editor: Client, owner: Project
) -> None:
    for n in range(3):
        pattern_row(owner, n)

    assert "data-select-all" not in text_of(editor.get("/patterns/"))
    assert "Select all 3 matching" in text_of(editor.get("/patterns/?limit=2"))


def test_why_is_asked_after_the_page(viewer: Client, owner: Project) -> None:
    learned(owner, 4)

    assert 'hx-get="/interactions/i-1/why/"' in text_of(viewer.get("/interactions/i-1/"))
    assert ">1001</dd>" in text_of(viewer.get("/interactions/i-1/why/", headers=HTMX))


def test_a_pattern_that_cannot_be_read_leaves_the_interaction_readable(
    viewer: Client, owner: Project
) -> None:
    from patterns.recognition.recognizer_cache import recognizers

    learned(owner, 4)
    Pattern.objects.filter(project=owner).update(state=b"no state")
    recognizers.drop()

    assert viewer.get("/interactions/i-1/").status_code == 200
    assert viewer.get("/interactions/i-1/why/", headers=HTMX).status_code == 200


def test_many_candidates_are_counted_after_the_page(
    viewer: Client, owner: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    pattern_row(owner, 1, status="candidate", last_used="2026-01-01T00:00:00Z")
    monkeypatch.setattr("patterns.views.pattern_list.COUNTED_AT_ONCE", 0)

    response = viewer.get("/patterns/")
    (prunable,) = [tab for tab in response.context["listing"].tabs if tab.name == "Prunable"]

    assert prunable.count is None
    assert count_of(viewer, "patterns", prunable.query) == "1"
