"""A split by examples takes the texts alike along, says before what it will do, and sticks."""

from __future__ import annotations

from typing import Any

import pytest

from featurememory.errors import FeatureMemoryError
from featurememory.models import Project
from integration.repair.save_repair import consolidate_project
from patterns.curation.example_split import foresee_example_split
from patterns.curation.shared_text import find_alike, name_likeness
from patterns.curation.splitting import split_pattern
from patterns.curation.undo import undo_or_restore
from patterns.models import ModelInteraction, Operation, Pattern
from patterns.recognition.recognizer_cache import recognizers
from tests.builders import Caller, item, keep, learn_all, uses_and_recount

pytestmark = pytest.mark.django_db

NAMES = ("Ann", "Bob", "Carla", "Dieter", "Eve", "Frank")
WORDS = ["soon", "now", "today", "twice", "again", "later", "never", "often", "daily", "once"]
MOODS = ("polite", "short", "warm", "plain")


def letter(number: int) -> dict[str, Any]:
    name, mood = NAMES[number % len(NAMES)], MOODS[number % len(MOODS)]
    text = f"Write a {mood} reply to customer {name} about order {5000 + number * 7}."
    return item(number, id=f"l-{number}", task_type="mail", input=text)


@pytest.fixture
def whole(owner: Project) -> Pattern:
    keep(owner, [letter(number) for number in range(60)])
    learn_all(owner)
    (row,) = Pattern.objects.stored().filter(project=owner)
    return row


ANN = ["l-0", "l-6", "l-18"]  # all of them in another mood


def split(owner: Project, row: Pattern, ids: list[str], label: str = "") -> tuple[Operation, str]:
    done, (_, part) = split_pattern(
        owner, str(row.pk), "ana", slot=None, example_ids=ids, label=label
    )
    return done, part


def owner_of(api: Caller, number: int) -> str:
    return str(api.post("patterns/recognize/", letter(number)).json()["match"]["pattern_id"])


def test_a_preview_tells_what_sets_the_examples_apart_and_how_many_go(
    owner: Project, whole: Pattern
) -> None:
    seen = foresee_example_split(owner, str(whole.pk), ANN)

    assert (seen.chosen, seen.alike, seen.known) == (3, 10, 60)
    assert (seen.interactions, seen.uses) == (10, 60)
    assert [part.text for part in seen.reading if part.kind == "apart"] == ["Ann"]
    read = "".join(part.text for part in seen.reading)
    assert read == "Write a … reply to customer Ann about order {number}."
    assert seen.name == "Ann"
    assert not Operation.objects.exists()


def test_what_reads_like_the_examples_goes_to_the_new_pattern_from_now_on(
    api: Caller, owner: Project, whole: Pattern
) -> None:
    _, part = split(owner, whole, ANN, "Letters to Ann")

    assert owner_of(api, 600) == owner_of(api, 606) == part
    assert owner_of(api, 601) == str(whole.pk)
    made = Pattern.objects.get(pk=part)
    assert made.label == "Letters to Ann"
    assert "reply to customer Ann about order <order_number>" in made.template
    whole.refresh_from_db()
    assert "customer <customer>" in whole.template


def test_the_new_pattern_reads_so_after_a_repair_and_a_restart(
    owner: Project, whole: Pattern
) -> None:
    _, part = split(owner, whole, ANN)
    keep(owner, [letter(600)])
    learn_all(owner)
    consolidate_project(owner.pk)
    recognizers.drop(owner.pk)
    keep(owner, [letter(606)])
    learn_all(owner)

    made = Pattern.objects.get(pk=part)
    assert "reply to customer Ann about order <order_number>" in made.template
    assert made.use_count == 2


def test_parts_by_a_slot_read_as_their_values(owner: Project, whole: Pattern) -> None:
    split_pattern(owner, str(whole.pk), "ana", slot="customer", example_ids=())
    templates = set(Pattern.objects.exclude(pk=whole.pk).values_list("template", flat=True))

    assert len(templates) == len(NAMES)
    assert all(any(f"customer {name} about" in one for one in templates) for name in NAMES)


def test_undone_the_texts_go_to_the_whole_again(
    api: Caller, owner: Project, whole: Pattern
) -> None:
    done, part = split(owner, whole, ANN)
    undo_or_restore(owner, "ana", done.pk)
    recognizers.drop(owner.pk)  # what the commit does

    assert owner_of(api, 600) == str(whole.pk)
    assert str(Pattern.objects.get(pk=part).redirect_to) == str(whole.pk)
    stated, counted = uses_and_recount(owner)
    assert stated == counted == {str(whole.pk): 60}


def test_examples_that_are_not_in_the_sample_are_read_from_what_is_stored(
    api: Caller, owner: Project, whole: Pattern
) -> None:
    loaded = recognizers.for_learning(owner.pk)
    for name in ANN:
        loaded.recognizer.memory.reservoir.discard(name)
    _, part = split(owner, whole, ANN)

    assert owner_of(api, 600) == part


@pytest.mark.parametrize(
    ("ids", "why"),
    [
        (["nobody"], "belongs to the pattern"),
        ([f"l-{n}" for n in range(60)], "nothing would stay"),
        (["l-0", "l-1"], "most other known texts have"),
    ],
)
def test_what_cannot_be_split_says_why(
    owner: Project, whole: Pattern, ids: list[str], why: str
) -> None:
    with pytest.raises(FeatureMemoryError) as foreseen:
        foresee_example_split(owner, str(whole.pk), ids)
    with pytest.raises(FeatureMemoryError) as done:
        split(owner, whole, ids)
    assert why in str(foreseen.value.details)
    assert why in str(done.value.details)
    assert Pattern.objects.filter(project=owner).count() == 1


def test_an_example_whose_text_is_gone_and_was_never_sampled_is_left_out(
    owner: Project, whole: Pattern
) -> None:
    recognizers.for_learning(owner.pk).recognizer.memory.reservoir.discard("l-0")
    ModelInteraction.objects.filter(id="l-0").delete()

    assert foresee_example_split(owner, str(whole.pk), ANN).chosen == 2


def test_the_narrowest_run_that_all_chosen_share_decides() -> None:
    texts = {
        "a": "please pay the bill of May today",
        "b": "please pay the bill of May tomorrow",
        "c": "please pay the bill of June today",
        "d": "please send the bill of June",
    }
    assert sorted(find_alike(texts, ["a"]).ids) == ["a"]
    assert sorted(find_alike(texts, ["a", "b"]).ids) == ["a", "b"]
    assert sorted(find_alike(texts, ["a", "c"]).ids) == ["a", "c"]
    assert name_likeness(find_alike(texts, ["a", "b"]).reading) == "bill of May"


def test_examples_without_a_common_word_are_refused() -> None:
    with pytest.raises(ValueError, match="no words in common"):
        find_alike({"a": "one two three", "b": "four five six", "c": "seven"}, ["a", "b"])


def test_what_most_texts_have_sets_nothing_apart() -> None:
    texts = {
        f"t{n}": f"please pay the {'bill' if n % 5 else 'fee'} {w}" for n, w in enumerate(WORDS)
    }
    with pytest.raises(ValueError, match="most other known texts have"):
        find_alike(texts, ["t1", "t2"])
    assert len(find_alike(texts, [name for name in texts if name not in ("t0", "t5")]).ids) == 8


def test_turns_of_a_chat_are_read_as_lines() -> None:
    texts = {
        name: f"You help people.\n\x1e{ask} now" for name, ask in (("a", "Pay"), ("b", "Send"))
    }
    read = "".join(part.text for part in find_alike(texts, ["a"]).reading)

    assert "\x1e" not in read
    assert "Pay" in read
