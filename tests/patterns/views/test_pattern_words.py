"""Words of a template on its page: links for those who may change them, a preview, a change with Undo."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client, override_settings

from featurememory.models import Project
from integration.repair.save_repair import consolidate_project
from patterns.models import Operation, Pattern
from tests.builders import limit
from tests.patterns.curation.test_rewording import learn, pattern_of
from tests.web import PLAIN_STATIC, browser, person, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _static() -> Iterator[None]:
    with override_settings(STORAGES=PLAIN_STATIC):
        yield


@pytest.fixture
def editor() -> Client:
    return browser(person("eva", may_change=True))


@pytest.fixture
def german(owner: Project) -> Pattern:
    learn(owner, "German")
    consolidate_project(owner.pk)
    return pattern_of(owner, "German")


def test_every_word_is_a_link_once_asked_for(editor: Client, german: Pattern) -> None:
    assert 'href="word/' not in text_of(editor.get(f"/patterns/{german.pk}/"))

    shown = text_of(editor.get(f"/patterns/{german.pk}/?words=1"))
    assert '<a class="word" href="word/?word=German&amp;occurrence=1">German</a>' in shown
    assert 'href="word/?slot=customer_text"' in shown


def test_the_dialog_of_a_slot_tells_shares_of_its_values_as_far_as_they_are_known(
    editor: Client, german: Pattern
) -> None:
    slots = [{"name": "city", "distinct": 90, "top": [["Lyon", 0.25, 0.35], ["Nice", 0.1, 0.1]]}]
    Pattern.objects.filter(pk=german.pk).update(slots=slots)
    asked = text_of(editor.get(f"/patterns/{german.pk}/word/?slot=city"))

    assert "Lyon (25.0% to 35.0% of its uses)" in asked
    assert "Nice (10.0% of its uses)" in asked


def test_viewers_see_no_such_link_and_may_not_change_words(german: Pattern) -> None:
    viewer = browser(person("vera"))

    assert "Change words" not in text_of(viewer.get(f"/patterns/{german.pk}/?words=1"))
    sent = {"make": "slot", "word": "German"}
    assert viewer.post(f"/patterns/{german.pk}/word/", sent).status_code == 403


def test_digests_in_place_of_words_are_no_links(
    editor: Client, owner: Project, german: Pattern
) -> None:
    limit(owner, mode="content_free")

    assert 'href="word/' not in text_of(editor.get(f"/patterns/{german.pk}/?words=1"))


def test_the_dialog_tells_what_joins_before_anything_changes(
    editor: Client, owner: Project, german: Pattern
) -> None:
    learn(owner, "French")
    asked = text_of(editor.get(f"/patterns/{german.pk}/word/?word=German&occurrence=1"))

    assert "1 pattern with 12 interactions joins this one" in asked
    assert 'value="language"' in asked
    assert not Operation.objects.filter(kind="reword").exists()


def test_what_is_not_possible_says_why_and_cannot_be_chosen(
    editor: Client, german: Pattern
) -> None:
    asked = text_of(editor.get(f"/patterns/{german.pk}/word/?word=Klingon"))

    assert "Not possible: The template has no word Klingon in that place." in asked
    assert asked.count("disabled") >= 2


def test_a_change_comes_back_to_the_page_with_undo(editor: Client, german: Pattern) -> None:
    sent = {"make": "slot", "word": "German", "occurrence": "1", "name": "tongue"}
    shown = text_of(editor.post(f"/patterns/{german.pk}/word/", sent, follow=True))
    operation = Operation.objects.get(kind="reword")

    assert "“German” is a slot now." in shown
    assert str(operation.pk) in shown
    assert "{tongue}" in shown
    assert "Made “German” the slot tongue" in shown


def test_a_word_kept_fixed_says_that_it_moves_future_calls_only(
    editor: Client, owner: Project, german: Pattern
) -> None:
    sent = {"make": "slot", "word": "German", "occurrence": "1", "name": "tongue"}
    editor.post(f"/patterns/{german.pk}/word/", sent)
    learn(owner, "Czech")
    asked = text_of(editor.get(f"/patterns/{german.pk}/word/?slot=tongue"))
    assert "from now on. What was counted so far stays with this one." in asked

    uses = Pattern.objects.get(pk=german.pk).use_count
    sent = {"make": "fixed", "slot": "tongue", "word": "Czech"}
    shown = text_of(editor.post(f"/patterns/{german.pk}/word/", sent, follow=True))
    assert "for calls from now on. What was counted so far stays here." in shown
    assert Pattern.objects.get(pk=german.pk).use_count == uses


def test_a_slot_is_named_by_people(editor: Client, german: Pattern) -> None:
    sent = {"make": "name", "slot": "customer_text", "name": "request", "word": "ignored"}
    shown = text_of(editor.post(f"/patterns/{german.pk}/word/", sent, follow=True))

    assert "The slot customer_text is called request now." in shown
    assert "{request}" in shown


@pytest.mark.parametrize(
    "query", ["", "?word=", "?slot=nowhere", "?word=a&occurrence=999999999999"]
)
def test_odd_questions_are_answered(editor: Client, german: Pattern, query: str) -> None:
    assert editor.get(f"/patterns/{german.pk}/word/{query}").status_code == 200


@pytest.mark.parametrize(
    "sent", [{}, {"make": "slot"}, {"make": "x", "word": "\x00"}, {"slot": "q"}]
)
def test_odd_changes_are_refused(editor: Client, german: Pattern, sent: dict[str, str]) -> None:
    assert editor.post(f"/patterns/{german.pk}/word/", sent).status_code == 422


def test_a_pattern_merges_with_a_related_one_from_its_page(
    editor: Client, owner: Project, german: Pattern
) -> None:
    learn(owner, "French")
    french = pattern_of(owner, "French")
    both = {"ids": [str(german.pk), str(french.pk)], "back": "leave"}
    asked = text_of(editor.get("/patterns/merge/", both))
    shown = editor.post("/patterns/merge/", {**both, "into": str(german.pk)}, follow=True)

    assert 'name="back" value="leave"' in asked
    assert shown.redirect_chain[-1][0] == f"/patterns/{german.pk}/"
    assert "Merged 2 patterns" in text_of(shown)
    assert "Merge with it…" not in text_of(editor.get(f"/patterns/{german.pk}/related/"))
