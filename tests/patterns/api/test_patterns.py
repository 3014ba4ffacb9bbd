"""/api/v1/patterns/: list, show, edit, recognise, judge, validate, prune, restore, merge, split."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from featurememory.models import Activity, Project
from integration.repair.save_repair import consolidate_project
from patterns.engine.domain.observation import Observation
from patterns.engine.domain.results import Match
from patterns.engine.recognizer import DefaultPatternRecognizer
from patterns.models import ModelInteraction, Pattern, PatternHour, Payload
from patterns.serializers import format_time
from patterns.storage.stored_observations import observation_of
from tests.builders import (
    NOON_TIME,
    Caller,
    caller,
    item,
    items,
    keep,
    learn_all,
    learned,
    pattern_row,
    project,
    rebuilt_figures,
    rollup_figures,
    uses_and_recount,
)

pytestmark = pytest.mark.django_db


def listed(api: Caller, **query: Any) -> list[str]:
    return [row["id"] for row in api.get("patterns/", **query).json()["data"]]


def id_of(row: Pattern) -> str:
    return str(row.pk)


# --- list and show ------------------------------------------------------------------------------


def test_a_recognised_pattern_has_the_documented_fields(api: Caller, owner: Project) -> None:
    (row,) = learned(owner, 8)
    shown = api.get(f"patterns/{row.pk}/").json()

    assert shown["id"] == id_of(row)
    assert (shown["model_id"], shown["task_type"]) == ("gpt-5-mini", "task.0")
    assert shown["status"] in ("candidate", "validated")
    assert (shown["pinned"], shown["label"]) == (False, None)
    assert 0 <= shown["confidence"] <= 1
    assert 0.5 < shown["effectiveness"] < 1
    assert shown["metadata"]["use_count"] == 8
    assert shown["metadata"]["created_at"] == format_time(NOON_TIME)
    assert shown["metadata"]["last_used"] == format_time(NOON_TIME + timedelta(seconds=7))
    assert shown["recognizer_version"]
    (model,) = shown["models"]
    assert (model["model_id"], model["use_count"], model["cost_mean"]) == ("gpt-5-mini", 8, 0.25)
    assert 800 <= model["duration_p50"] <= model["duration_p95"] <= 807


def test_its_features_are_of_the_specs_types_and_each_has_a_confidence(
    api: Caller, owner: Project
) -> None:
    learned(owner, 6, parameters={"temperature": 0.2})
    (shown,) = api.get("patterns/").json()["data"]

    kinds = {feature["type"] for feature in shown["features"]}
    assert {"input", "output"} <= kinds <= {"input", "output", "parameter", "context", "resource"}
    assert {"parameter", "resource"} <= kinds
    assert all(0 <= feature["confidence"] <= 1 for feature in shown["features"])


def test_a_template_has_the_static_text_and_names_what_varies(api: Caller, owner: Project) -> None:
    learned(owner, 40)
    consolidate_project(owner.pk)  # as the background does within half a minute
    (shown,) = api.get("patterns/").json()["data"]

    assert shown["template"].startswith("Where is my order <")


def test_the_slots_are_those_of_the_template_with_their_values(api: Caller, owner: Project) -> None:
    learned(owner, 40)
    consolidate_project(owner.pk)
    (shown,) = api.get("patterns/").json()["data"]

    named = re.findall(r"<(\w+)>", shown["template"])
    assert [slot["name"] for slot in shown["slots"]] == named
    (slot,) = shown["slots"]
    assert slot["distinct"] == pytest.approx(40, rel=0.1)
    assert all(0 <= entry["share"] <= 1 and entry["value"] for entry in slot["top"])


def test_shares_of_a_slot_with_many_values_are_those_that_are_certain(
    api: Caller, owner: Project
) -> None:
    texts = [f"Where is my order {n if n % 4 else 4711}?" for n in range(1, 82)]
    keep(owner, [item(n, input=text) for n, text in enumerate(texts)])
    learn_all(owner)
    (slot,) = api.get("patterns/").json()["data"][0]["slots"]  # the first text founded it

    assert (slot["top"][0]["value"], slot["top"][0]["share"]) == ("4711", 0.25)
    assert all(one["share"] <= 2 / 80 < one["at_most"] for one in slot["top"][1:])


def test_a_row_of_an_earlier_version_tells_what_is_certain_of_its_shares(
    api: Caller, owner: Project
) -> None:
    slots = [{"name": "city", "type": "text", "distinct": 90, "top": [["Lyon", 0.5]]}]
    row = pattern_row(owner, 1, slots=slots)
    (slot,) = api.get(f"patterns/{row.pk}/").json()["slots"]

    assert slot["top"] == [{"value": "Lyon", "share": 0.375, "at_most": 0.5}]


def test_the_list_is_sorted_by_use_and_pages_hold_every_pattern_once(
    api: Caller, owner: Project
) -> None:
    rows = [pattern_row(owner, n, use_count=n % 3) for n in range(7)]
    first = api.get("patterns/", limit=4).json()
    rest = listed(api, limit=4, cursor=first["meta"]["next_cursor"])

    seen = [row["id"] for row in first["data"]] + rest
    expected = sorted(rows, key=lambda row: (-row.use_count, row.pk))
    assert seen == [id_of(row) for row in expected]


def test_the_list_is_filtered(api: Caller, owner: Project) -> None:
    one = pattern_row(owner, 1, status="validated", task_type="sql", confidence=0.9)
    two = pattern_row(owner, 2, effectiveness=0.2, confidence=0.4, model_id="other")
    gone = pattern_row(owner, 3, status="archived")

    assert set(listed(api)) == {id_of(one), id_of(two)}
    assert listed(api, status="archived") == [id_of(gone)]
    assert listed(api, task_type="sql") == listed(api, min_confidence=0.5) == [id_of(one)]
    assert listed(api, model_id="other") == [id_of(two)]
    assert listed(api, q="order 2") == listed(api, q=id_of(two)) == [id_of(two)]
    assert api.get("patterns/", status="odd").status_code == 422


def test_listing_patterns_costs_the_same_few_queries_however_many(
    api: Caller, owner: Project, django_assert_max_num_queries: Any
) -> None:
    for number in range(60):
        pattern_row(owner, number)
    api.get("patterns/")
    with django_assert_max_num_queries(3):
        assert len(listed(api)) == 50


@pytest.mark.parametrize("name", ["nonsense", "00000000-0000-7000-8000-000000000001"])
def test_an_unknown_pattern_is_404(api: Caller, name: str) -> None:
    assert api.get(f"patterns/{name}/").status_code == 404


def test_examples_are_the_interactions_of_the_pattern_newest_first(
    api: Caller, owner: Project
) -> None:
    first, _ = learned(owner, 8, tasks=2)
    page = api.get(f"patterns/{first.pk}/examples/", limit=3).json()

    assert [row["id"] for row in page["data"]] == ["i-6", "i-4", "i-2"]
    rest = api.get(f"patterns/{first.pk}/examples/", cursor=page["meta"]["next_cursor"]).json()
    assert [row["id"] for row in rest["data"]] == ["i-0"]


def test_related_patterns_have_a_similarity_and_never_name_the_pattern_itself(
    api: Caller, owner: Project
) -> None:
    first, *_ = learned(owner, 30, tasks=3)
    near = api.get(f"patterns/{first.pk}/related/").json()["data"]

    assert id_of(first) not in [row["id"] for row in near]
    assert all(0 <= row["similarity"] <= 1 for row in near)


# --- edit ---------------------------------------------------------------------------------------


def test_label_and_pin_are_changed_with_a_line_in_history_and_activity(
    api: Caller, owner: Project
) -> None:
    row = pattern_row(owner)
    shown = api.patch(f"patterns/{row.pk}/", {"label": " Orders ", "pinned": True}).json()
    assert (shown["label"], shown["pinned"]) == ("Orders", True)

    history = api.get(f"patterns/{row.pk}/history/").json()["data"]
    assert {(entry["kind"], entry["actor"]) for entry in history} == {
        ("label", "key rw key"),
        ("pinned", "key rw key"),
    }
    assert Activity.objects.filter(project=owner, verb="edit").count() == 2


def test_an_empty_label_takes_it_away(api: Caller, owner: Project) -> None:
    row = pattern_row(owner, label="Orders")

    assert api.patch(f"patterns/{row.pk}/", {"label": None}).json()["label"] is None


def test_label_and_pin_stay_when_the_pattern_learns_on(api: Caller, owner: Project) -> None:
    (row,) = learned(owner, 3)
    api.patch(f"patterns/{row.pk}/", {"label": "Orders", "pinned": True})
    keep(owner, items(3, start=3))
    learn_all(owner)

    shown = api.get(f"patterns/{row.pk}/").json()
    assert (shown["label"], shown["pinned"]) == ("Orders", True)
    assert shown["metadata"]["use_count"] == 6


@pytest.mark.parametrize(
    "body",
    [
        {"status": "new"},
        {"label": "x" * 201},
        {"label": "a\x00"},
        {"pinned": "yes"},
        {"label": 7},
        [],
    ],
)
def test_an_edit_that_makes_no_sense_is_422(api: Caller, owner: Project, body: Any) -> None:
    assert api.patch(f"patterns/{pattern_row(owner).pk}/", body).status_code == 422


def test_archiving_by_hand_is_a_prune(api: Caller, owner: Project) -> None:
    (row,) = learned(owner, 3)
    assert api.patch(f"patterns/{row.pk}/", {"status": "archived"}).json()["status"] == "archived"
    answer = api.patch(f"patterns/{row.pk}/", {"status": "validated"})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/status")
    assert "restore" in answer.json()["errors"][0]["message"]
    row.refresh_from_db()
    assert row.archived_at is not None

    assert listed(api) == []
    assert api.post("patterns/restore/", {"ids": [id_of(row)]}).json()["affected"] == 1


# --- the spec's recognizePattern, updatePatternConfidence, validatePattern ------------------------


def test_recognize_answers_and_changes_nothing(api: Caller, owner: Project) -> None:
    (row,) = learned(owner, 5)
    before = uses_and_recount(owner), rollup_figures(owner)
    asked = item(77, task_type="task.0")
    answer = api.post("patterns/recognize/", asked).json()

    assert answer["match"]["pattern_id"] == id_of(row)
    assert 0 <= answer["match"]["confidence"] <= 1
    assert answer["match"]["why"]
    assert {"input", "output"} <= {feature["type"] for feature in answer["features"]}
    assert (uses_and_recount(owner), rollup_figures(owner)) == before
    assert not ModelInteraction.objects.filter(project=owner, id="i-77").exists()


def test_recognize_sees_an_interaction_as_learning_does(
    api: Caller, owner: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned(owner, 3)
    asked = item(9, task_type="task.0", error="timeout", success=False)
    seen: list[Observation] = []
    match = DefaultPatternRecognizer.match_one

    def note_and_match(recognizer: DefaultPatternRecognizer, one: Observation) -> Match | None:
        seen.append(one)
        return match(recognizer, one)

    monkeypatch.setattr(DefaultPatternRecognizer, "match_one", note_and_match)
    api.post("patterns/recognize/", asked)
    keep(owner, [asked])
    row = ModelInteraction.objects.get(project=owner, id="i-9")

    assert seen == [observation_of(row, Payload.objects.get(pk=row.pk).data)]


def test_recognize_says_null_for_a_stranger(api: Caller, owner: Project) -> None:
    learned(owner, 5)

    assert api.post("patterns/recognize/", item(task_type="unseen")).json()["match"] is None
    assert api.post("patterns/recognize/", item(duration=-1)).status_code == 422


def test_a_verdict_moves_the_confidence(api: Caller, owner: Project) -> None:
    (row,) = learned(owner, 5)
    wrong = api.post(f"patterns/{row.pk}/confidence/", {"success": False}).json()["confidence"]
    right = api.post(f"patterns/{row.pk}/confidence/", {"success": True}).json()["confidence"]

    assert wrong < row.confidence
    assert right > wrong
    assert api.get(f"patterns/{row.pk}/").json()["confidence"] == right


@pytest.mark.parametrize("body", [{}, {"success": "yes"}, {"success": None}])
def test_a_verdict_is_true_or_false(api: Caller, owner: Project, body: Any) -> None:
    assert api.post(f"patterns/{pattern_row(owner).pk}/confidence/", body).status_code == 422


def test_validation_has_errors_and_warnings(api: Caller, owner: Project) -> None:
    learned(owner, 40)
    consolidate_project(owner.pk)
    (row,) = Pattern.objects.stored().filter(project=owner)
    found = api.post(f"patterns/{row.pk}/validate/").json()
    assert (found["valid"], found["errors"]) == (True, [])
    assert all(isinstance(warning, str) for warning in found["warnings"])

    (silent,) = learned(project(), 2, output=None)
    other = caller(silent.project).post(f"patterns/{silent.pk}/validate/").json()
    assert not other["valid"]
    assert any("output" in error for error in other["errors"])


# --- prune and restore ----------------------------------------------------------------------------


def test_a_dry_run_tells_what_a_prune_would_do_and_does_nothing(
    api: Caller, owner: Project
) -> None:
    learned(owner, 9, tasks=3)
    order = {"filter": {"task_type": "task.1"}}
    told = api.post("patterns/prune/", order | {"dry_run": True}).json()

    assert (told["dry_run"], told["affected"], told["interactions"]) == (True, 1, 3)
    assert told["bytes"] > 0
    assert len(listed(api)) == 3
    assert api.post("patterns/prune/", order).json()["affected"] == told["affected"]
    assert len(listed(api)) == 2


def test_what_was_pruned_matches_no_more_and_after_undo_it_does_again(
    api: Caller, owner: Project, django_capture_on_commit_callbacks: Any
) -> None:
    (row,) = learned(owner, 5)
    asked = item(50, task_type="task.0")
    assert api.post("patterns/recognize/", asked).json()["match"]["pattern_id"] == id_of(row)
    with django_capture_on_commit_callbacks(execute=True):
        done = api.post("patterns/prune/", {"ids": [id_of(row)]}).json()
    assert api.post("patterns/recognize/", asked).json()["match"] is None

    with django_capture_on_commit_callbacks(execute=True):
        undone = api.post("patterns/restore/", {"operation_id": done["operation_id"]}).json()
    assert undone["affected"] == 1
    assert api.post("patterns/recognize/", asked).json()["match"]["pattern_id"] == id_of(row)
    assert api.get(f"patterns/{row.pk}/").json()["status"] == row.status


def test_an_operation_is_undone_once(api: Caller, owner: Project) -> None:
    row = pattern_row(owner)
    order = {
        "operation_id": api.post("patterns/prune/", {"ids": [id_of(row)]}).json()["operation_id"]
    }

    assert api.post("patterns/restore/", order).status_code == 200
    assert api.post("patterns/restore/", order).status_code == 409


def test_single_patterns_come_out_of_the_trash(api: Caller, owner: Project) -> None:
    rows = [pattern_row(owner, n) for n in range(3)]
    api.post("patterns/prune/", {"ids": [id_of(row) for row in rows]})
    restored = api.post("patterns/restore/", {"ids": [id_of(rows[1])]}).json()

    assert [row["id"] for row in restored["patterns"]] == listed(api) == [id_of(rows[1])]
    assert api.post("patterns/restore/", {"ids": [id_of(rows[1])]}).status_code == 404


def test_a_foreign_pattern_among_the_ids_is_not_pruned(api: Caller, owner: Project) -> None:
    mine, foreign = pattern_row(owner), pattern_row(project())
    done = api.post("patterns/prune/", {"ids": [id_of(mine), id_of(foreign)]}).json()

    foreign.refresh_from_db()
    assert (done["affected"], foreign.status) == (1, "candidate")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("prune", {}),
        ("prune", {"ids": [], "dry_run": True}),
        ("prune", {"ids": ["x"]}),
        ("prune", {"ids": ["x"], "filter": {}}),
        ("prune", {"filter": {"odd": 1}}),
        ("prune", {"filter": {"min_confidence": 7}}),
        ("restore", {}),
        ("restore", {"operation_id": "x", "ids": ["y"]}),
        ("merge", {"ids": ["x"]}),
        ("merge", {}),
    ],
)
def test_orders_that_make_no_sense_are_422(api: Caller, path: str, body: Any) -> None:
    assert api.post(f"patterns/{path}/", body).status_code == 422


# --- merge and split ------------------------------------------------------------------------------


@pytest.fixture
def pair(owner: Project) -> tuple[Pattern, Pattern]:
    """Two patterns of 6 and 3 uses."""
    keep(owner, items(6, task_type="task.a"))
    keep(owner, items(3, start=10, task_type="task.b", input="Where is my parcel 1?"))
    learn_all(owner)
    large, small = Pattern.objects.filter(project=owner).order_by("-use_count")
    return large, small


def merge(api: Caller, pair: tuple[Pattern, Pattern]) -> dict[str, Any]:
    done: dict[str, Any] = api.post("patterns/merge/", {"ids": [id_of(row) for row in pair]}).json()
    return done


def test_a_merge_keeps_the_most_used_id_and_the_other_lives_on_as_a_redirect(
    api: Caller, owner: Project, pair: tuple[Pattern, Pattern]
) -> None:
    large, small = pair
    done = merge(api, pair)

    assert (done["affected"], [row["id"] for row in done["patterns"]]) == (2, [id_of(large)])
    assert listed(api) == [id_of(large)]
    shown = api.get(f"patterns/{small.pk}/").json()
    assert (shown["id"], shown["metadata"]["use_count"]) == (id_of(large), 9)
    assert sum(model["use_count"] for model in shown["models"]) == 9
    assert len(api.get(f"patterns/{large.pk}/examples/").json()["data"]) == 9
    assert len(api.get("interactions/", pattern_id=id_of(small)).json()["data"]) in (3, 9)
    assert api.get("interactions/i-10/").json()["pattern_id"] == id_of(large)
    stated, counted = uses_and_recount(owner)
    assert stated == counted


def test_a_merge_sticks_for_future_interactions(
    api: Caller, owner: Project, pair: tuple[Pattern, Pattern]
) -> None:
    large, _ = pair
    merge(api, pair)
    keep(owner, items(3, start=20, task_type="task.b", input="Where is my parcel 1?"))
    learn_all(owner)

    assert listed(api) == [id_of(large)]
    assert uses_and_recount(owner) == ({id_of(large): 12}, {id_of(large): 12})


def test_a_merge_is_undone_as_a_whole_and_for_the_future(
    api: Caller, owner: Project, pair: tuple[Pattern, Pattern]
) -> None:
    large, small = pair
    before = uses_and_recount(owner)
    done = merge(api, pair)
    api.post("patterns/restore/", {"operation_id": done["operation_id"]})

    assert listed(api) == [id_of(large), id_of(small)]
    assert uses_and_recount(owner) == before
    keep(owner, items(2, start=20, task_type="task.b", input="Where is my parcel 1?"))
    learn_all(owner)
    assert uses_and_recount(owner)[1] == {id_of(large): 6, id_of(small): 5}


def test_what_was_learned_between_merge_and_undo_is_given_back(
    api: Caller, owner: Project, pair: tuple[Pattern, Pattern]
) -> None:
    done = merge(api, pair)
    keep(owner, items(4, start=30, task_type="task.b", input="Where is my parcel 1?"))
    learn_all(owner)
    api.post("patterns/restore/", {"operation_id": done["operation_id"]})

    large, small = pair
    expected = {id_of(large): 6, id_of(small): 7}
    assert uses_and_recount(owner) == (expected, expected)
    assert api.get("interactions/i-30/").json()["pattern_id"] == id_of(small)
    assert rollup_figures(owner) == rebuilt_figures(owner)


def test_the_survivor_of_a_merge_can_be_chosen_and_undone(
    api: Caller, owner: Project, pair: tuple[Pattern, Pattern]
) -> None:
    large, small = pair
    before = uses_and_recount(owner)
    order = {"ids": [id_of(row) for row in pair], "into": id_of(small)}
    done = api.post("patterns/merge/", order).json()
    keep(owner, items(2, start=20, task_type="task.a"))
    learn_all(owner)

    assert listed(api) == [id_of(small)]
    assert uses_and_recount(owner) == ({id_of(small): 11}, {id_of(small): 11})
    api.post("patterns/restore/", {"operation_id": done["operation_id"]})
    expected = {id_of(large): 8, id_of(small): 3}
    assert uses_and_recount(owner) == (expected, expected)
    assert before[0] == {id_of(large): 6, id_of(small): 3}


@pytest.mark.parametrize("into", ["x", "00000000-0000-7000-8000-000000000001"])
def test_a_survivor_has_to_be_among_the_merged(
    api: Caller, pair: tuple[Pattern, Pattern], into: str
) -> None:
    order = {"ids": [id_of(row) for row in pair], "into": into}
    answer = api.post("patterns/merge/", order)

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/into")
    assert len(listed(api)) == 2


@pytest.fixture
def three(owner: Project) -> list[Pattern]:
    """Three patterns of 2, 3 and 8 uses."""
    for number, uses in enumerate((2, 3, 8)):
        keep(owner, items(uses, start=10 * number, task_type=f"t{number}"))
    learn_all(owner)
    return list(Pattern.objects.filter(project=owner).order_by("use_count"))


def test_merges_can_be_merged_again_and_redirects_lead_to_the_end(
    api: Caller, owner: Project, three: list[Pattern]
) -> None:
    small, middle, large = three
    merge(api, (small, middle))
    merge(api, (middle, large))

    assert api.get(f"patterns/{small.pk}/").json()["id"] == id_of(large)
    assert uses_and_recount(owner) == ({id_of(large): 13}, {id_of(large): 13})


def test_the_first_of_two_merges_can_be_undone(
    api: Caller, owner: Project, three: list[Pattern]
) -> None:
    small, middle, large = three
    first = merge(api, (small, middle))
    merge(api, (middle, large))
    api.post("patterns/restore/", {"operation_id": first["operation_id"]})

    assert uses_and_recount(owner)[0] == {id_of(small): 2, id_of(large): 11}
    assert uses_and_recount(owner)[0] == uses_and_recount(owner)[1]


def test_undoing_a_merge_does_not_revive_a_target_that_was_merged_since(
    api: Caller, owner: Project, three: list[Pattern]
) -> None:
    small, middle, large = three
    first = merge(api, (small, middle))
    merge(api, (middle, large))
    undone = api.post("patterns/restore/", {"operation_id": first["operation_id"]}).json()

    assert (undone["affected"], listed(api)) == (1, [id_of(large), id_of(small)])


def test_the_second_of_two_merges_takes_back_what_the_first_had_brought(
    api: Caller, owner: Project, three: list[Pattern]
) -> None:
    small, middle, large = three
    merge(api, (small, middle))
    second = merge(api, (middle, large))
    api.post("patterns/restore/", {"operation_id": second["operation_id"]})

    expected = {id_of(middle): 5, id_of(large): 8}
    assert uses_and_recount(owner) == (expected, expected)


def test_two_merges_undone_in_their_order_give_each_pattern_its_own_uses(
    api: Caller, owner: Project, three: list[Pattern]
) -> None:
    small, middle, large = three
    before = uses_and_recount(owner)
    merges = [merge(api, (small, middle)), merge(api, (middle, large))]
    for done in merges:
        api.post("patterns/restore/", {"operation_id": done["operation_id"]})

    assert uses_and_recount(owner) == before


def test_undoing_a_split_leads_to_the_pattern_the_whole_was_merged_into_since(
    api: Caller, owner: Project
) -> None:
    keep(owner, [item(n, task_type="t", input={"mode": "ab"[n % 2]}) for n in range(8)])
    keep(owner, items(20, start=50))
    learn_all(owner)
    large, whole = Pattern.objects.filter(project=owner).order_by("-use_count")
    split = api.post(f"patterns/{whole.pk}/split/", {"by": "mode"}).json()
    merge(api, (large, whole))
    api.post("patterns/restore/", {"operation_id": split["operation_id"]})

    assert listed(api) == [id_of(large)]
    assert uses_and_recount(owner) == ({id_of(large): 28}, {id_of(large): 28})


def test_a_foreign_or_unknown_pattern_cannot_be_merged(
    api: Caller, owner: Project, pair: tuple[Pattern, Pattern]
) -> None:
    foreign = pattern_row(project())
    unknown = "00000000-0000-7000-8000-000000000001"

    for other in (id_of(foreign), unknown):
        assert api.post("patterns/merge/", {"ids": [id_of(pair[0]), other]}).status_code == 404
    twice = {"ids": [id_of(pair[0])] * 2}
    assert api.post("patterns/merge/", twice).status_code == 422
    assert len(listed(api)) == 2


def test_a_split_by_a_slot_makes_a_pattern_per_value_and_sticks(
    api: Caller, owner: Project
) -> None:
    cities = ["Lyon", "Porto"]
    texts = [f"Book a table in {cities[n % 2]} for {n + 2} people." for n in range(40)]
    keep(owner, [item(n, input=text) for n, text in enumerate(texts)])
    learn_all(owner)
    (row,) = Pattern.objects.filter(project=owner)
    names = [slot["name"] for slot in row.slots if "Lyon" in str(slot["top"])]
    response = api.post(f"patterns/{row.pk}/split/", {"by": names[0]})

    assert response.status_code == 200
    assert len(response.json()["patterns"]) >= 2
    keep(owner, [item(100 + n, input=text) for n, text in enumerate(texts)])
    learn_all(owner)
    stated, counted = uses_and_recount(owner)
    assert stated == counted
    assert sum(counted.values()) == 80


def test_a_split_is_undone(api: Caller, owner: Project) -> None:
    cities = ["Lyon", "Porto"]
    texts = [f"Book a table in {cities[n % 2]} for {n + 2} people." for n in range(40)]
    keep(owner, [item(n, input=text) for n, text in enumerate(texts)])
    learn_all(owner)
    (row,) = Pattern.objects.filter(project=owner)
    names = [slot["name"] for slot in row.slots if "Lyon" in str(slot["top"])]
    done = api.post(f"patterns/{row.pk}/split/", {"by": names[0]}).json()
    api.post("patterns/restore/", {"operation_id": done["operation_id"]})

    assert listed(api) == [id_of(row)]
    keep(owner, [item(100 + n, input=text) for n, text in enumerate(texts)])
    learn_all(owner)
    assert uses_and_recount(owner) == ({id_of(row): 80}, {id_of(row): 80})


def test_a_split_by_examples_is_foreseen_and_named(api: Caller, owner: Project) -> None:
    texts = [f"Book a table in {['Lyon', 'Porto'][n % 2]} for {n + 2} people." for n in range(40)]
    keep(owner, [item(n, input=text) for n, text in enumerate(texts)])
    learn_all(owner)
    (row,) = Pattern.objects.filter(project=owner)
    order: dict[str, Any] = {"example_ids": ["i-1", "i-3"], "label": "Tables in Porto"}
    seen = api.post(f"patterns/{row.pk}/split/", order | {"dry_run": True}).json()

    assert (seen["apart"], seen["alike"], seen["known"]) == (["Porto"], 20, 40)
    assert listed(api) == [id_of(row)]
    done = api.post(f"patterns/{row.pk}/split/", order).json()
    assert {one["label"] for one in done["patterns"]} == {None, "Tables in Porto"}


def test_a_split_by_a_slot_is_not_foreseen(api: Caller, owner: Project) -> None:
    (row,) = learned(owner, 5)

    body = {"by": row.slots[0]["name"], "dry_run": True}
    assert api.post(f"patterns/{row.pk}/split/", body).status_code == 422
    assert listed(api) == [id_of(row)]


@pytest.mark.parametrize("body", [{}, {"by": "nothing"}, {"by": "x", "example_ids": ["y"]}])
def test_a_split_that_makes_no_sense_is_422(api: Caller, owner: Project, body: Any) -> None:
    (row,) = learned(owner, 5)

    assert api.post(f"patterns/{row.pk}/split/", body).status_code == 422
    assert listed(api) == [id_of(row)]


def test_rollups_stay_those_of_the_interactions_through_merge_and_undo(
    api: Caller, owner: Project, pair: tuple[Pattern, Pattern]
) -> None:
    before = PatternHour.objects.filter(project=owner).count()
    done = merge(api, pair)
    api.post("patterns/restore/", {"operation_id": done["operation_id"]})

    assert PatternHour.objects.filter(project=owner).count() == before
