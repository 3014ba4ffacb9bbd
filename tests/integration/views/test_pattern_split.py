"""Splitting in the pages, by examples or a slot: preview, refusals, result with Undo; viewers only look."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.test import Client, override_settings

from featurememory.models import Project
from integration.models import Job
from integration.repair.follow_split import STEP
from patterns.models import Operation, Pattern
from tests.builders import item, keep, learn_all
from tests.integration.repair.test_follow_split import learned_letters
from tests.patterns.curation.test_example_split import ANN
from tests.web import HTMX, PLAIN_STATIC, browser, person, text_of

pytestmark = pytest.mark.django_db
WARES = [
    "lamp",
    "chair",
    "desk",
    "mouse",
    "screen",
    "stand",
    "cable",
    "board",
    "rug",
    "clock",
    "plant",
]


@pytest.fixture(autouse=True)
def _static() -> Iterator[None]:
    with override_settings(STORAGES=PLAIN_STATIC):
        yield


@pytest.fixture
def editor() -> Client:
    return browser(person("eva", may_change=True))


@pytest.fixture
def whole(owner: Project) -> Pattern:
    return learned_letters(owner, 60)


def address(row: Pattern) -> str:
    return f"/patterns/{row.pk}/split/examples/"


def test_examples_can_be_ticked_by_those_who_may_change(editor: Client, whole: Pattern) -> None:
    shown = text_of(editor.get(f"/patterns/{whole.pk}/"))
    assert 'type="checkbox" name="examples" value="l-59"' in shown
    assert "Split into a new pattern…" in shown

    seen = text_of(browser(person("vera")).get(f"/patterns/{whole.pk}/"))
    assert 'name="examples"' not in seen
    assert "Split into a new pattern" not in seen
    assert browser(person("vic")).get(address(whole), {"examples": ANN}).status_code == 403


def test_a_pattern_without_words_offers_no_split_by_examples(
    editor: Client, owner: Project
) -> None:
    keep(owner, [item(n, task_type="t", input={"mode": "ab"[n % 2]}) for n in range(8)])
    learn_all(owner)
    (row,) = Pattern.objects.stored().filter(project=owner)

    assert 'name="examples"' not in text_of(editor.get(f"/patterns/{row.pk}/"))
    assert "split this one by a slot" in text_of(editor.get(address(row), {"examples": ["i-1"]}))


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_the_preview_tells_what_goes_what_stays_and_changes_nothing(
    editor: Client, whole: Pattern, headers: dict[str, str]
) -> None:
    asked = text_of(editor.get(address(whole), {"examples": ANN}, headers=headers))

    assert "<ins>Ann</ins>" in asked
    assert "10 of 60 compared" in asked
    assert "about 10 of 60" in asked
    assert "none concerns it" in asked
    assert ("<html" in asked) == (not headers)
    assert not Operation.objects.exists()


def test_nothing_ticked_or_nothing_in_common_is_said_and_cannot_be_sent(
    editor: Client, whole: Pattern
) -> None:
    assert "Tick at least one example" in text_of(editor.get(address(whole)))
    asked = text_of(editor.get(address(whole), {"examples": ["l-0", "l-1"]}))
    assert "Not possible: What these examples share" in asked
    assert '<button class="btn main" disabled>' in asked


def test_a_split_leads_to_the_new_pattern_with_undo(editor: Client, whole: Pattern) -> None:
    sent = {"examples": ANN, "label": "Letters to Ann"}
    answer = editor.post(address(whole), sent, follow=True)
    shown, operation = text_of(answer), Operation.objects.get(kind="split")

    assert "<h1>Letters to Ann" in shown
    assert "Split into a new pattern, and 10 interactions moved there." in shown
    assert f'value="{operation.pk}"' in shown
    editor.post("/patterns/restore/", {"operation_id": str(operation.pk)})
    assert Pattern.objects.stored().get().use_count == 60


def test_many_interactions_follow_by_a_job_whose_page_is_shown(
    editor: Client, owner: Project
) -> None:
    whole = learned_letters(owner, STEP + 40)
    answer = editor.post(address(whole), {"examples": ANN}, follow=True)
    job = Job.objects.get(kind="follow_split")

    assert answer.redirect_chain == [(f"/jobs/{job.pk}/", 302)]
    assert "its interactions follow" in text_of(answer)
    assert str(Operation.objects.get(kind="split").pk) in text_of(answer)
    (part,) = job.params["parts"]
    assert f'href="/patterns/{part}/"' in text_of(answer)


def test_what_cannot_be_split_is_refused_and_changes_nothing(
    editor: Client, whole: Pattern
) -> None:
    answer = editor.post(address(whole), {"examples": ["l-0", "l-1"]})

    assert answer.status_code == 422
    assert Pattern.objects.count() == 1


def test_a_split_by_a_slot_takes_along_what_is_stored(
    editor: Client, owner: Project, whole: Pattern
) -> None:
    asked = text_of(editor.get(f"/patterns/{whole.pk}/split/", {"slot": "customer"}))
    assert "about 10" in asked
    assert "Split into 7 patterns" in asked
    assert "moves at once" in asked

    sent = {"slot": "customer"}
    shown = text_of(editor.post(f"/patterns/{whole.pk}/split/", sent, follow=True))
    assert "Split by customer into 7 patterns, and 60 interactions moved there." in shown
    assert "customer Ann about order" in shown
    parts = Pattern.objects.stored().filter(project=owner).exclude(pk=whole.pk)
    assert set(parts.values_list("use_count", flat=True)) == {10}
    editor.post("/patterns/restore/", {"operation_id": str(Operation.objects.get().pk)})
    assert Pattern.objects.stored().get().use_count == 60


def test_a_split_by_a_slot_of_many_values_says_which_become_patterns(
    editor: Client, owner: Project
) -> None:
    texts = [f"Order a {WARES[n % 11]} for desk number {n}." for n in range(66)]
    keep(owner, [item(n, input=text, task_type="buy") for n, text in enumerate(texts)])
    learn_all(owner)
    (row,) = Pattern.objects.stored().filter(project=owner)
    (slot,) = [one["name"] for one in row.slots if one["distinct"] == 11]
    asked = text_of(editor.get(f"/patterns/{row.pk}/split/", {"slot": slot}, headers=HTMX))
    assert "3 rarer values" in asked
    assert "stay with this pattern" in asked
    assert "Split into 9 patterns" in asked
    told = [list(map(int, one)) for one in re.findall(r"about (\d+) to (\d+)", asked)]
    assert len(told) == 8
    assert all(least <= 6 <= most for least, most in told)

    editor.post(f"/patterns/{row.pk}/split/", {"slot": slot})
    assert Pattern.objects.stored().filter(project=owner).count() == 9


def test_a_slot_nobody_knows_cannot_be_split(editor: Client, whole: Pattern) -> None:
    asked = text_of(editor.get(f"/patterns/{whole.pk}/split/", {"slot": "none"}, headers=HTMX))

    assert "nothing to split" in asked
    assert "disabled" in asked
