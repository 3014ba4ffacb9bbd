"""What people decided about words and examples holds in a restored project, and is undone there."""

from __future__ import annotations

from pathlib import Path

import pytest

from featurememory.models import Project
from integration.repair.save_repair import consolidate_project
from patterns.models import Operation, Pattern
from tests.builders import Caller, caller, keep, learn_all, uses_and_recount
from tests.integration.archive.test_archive import came_back
from tests.patterns.curation import test_example_split
from tests.patterns.curation.test_rewording import learn, owner_of, pattern_of, reword

pytestmark = pytest.mark.django_db


def undo(api: Caller, kind: str) -> None:
    newest = Operation.objects.filter(kind=kind, undone_at=None).latest("at")
    done = api.post("patterns/restore/", {"operation_id": str(newest.pk)})
    assert done.status_code == 200, done.content


@pytest.fixture
def german(owner: Project) -> Pattern:
    learn(owner, "German")
    consolidate_project(owner.pk)
    return pattern_of(owner, "German")


def restored(owner: Project, tmp_path: Path) -> tuple[Project, Caller]:
    found, first, second = came_back(owner, tmp_path)
    assert first == second
    return found, caller(found, "rw")


def test_a_word_that_is_a_slot_stays_one_until_it_is_undone(
    api: Caller, owner: Project, german: Pattern, tmp_path: Path
) -> None:
    learn(owner, "French")
    reword(api, german, make="slot", word="German", name="tongue")
    again, there = restored(owner, tmp_path)
    consolidate_project(again.pk)

    (shown,) = there.get("patterns/").json()["data"]
    assert "polite <tongue> answer" in shown["template"]
    assert owner_of(there, "Czech") == owner_of(there, "French") == shown["id"]
    undo(there, "reword")
    consolidate_project(again.pk)
    assert owner_of(there, "French") != owner_of(there, "German")
    stated, counted = uses_and_recount(again)
    assert stated == counted


def test_a_word_that_is_kept_stays_apart_until_it_is_undone(
    api: Caller, owner: Project, german: Pattern, tmp_path: Path
) -> None:
    reword(api, german, make="slot", word="German")
    learn(owner, "Czech")
    done = reword(api, german, make="fixed", slot="language", word="Czech")
    (part,) = [one["id"] for one in done["patterns"] if one["id"] != str(german.pk)]
    again, there = restored(owner, tmp_path)

    assert owner_of(there, "Czech") == part
    learn(again, "Czech", 3, start=300)
    consolidate_project(again.pk)
    assert owner_of(there, "Czech") == part
    assert Pattern.objects.get(pk=part).use_count == 3
    undo(there, "reword")
    learn(again, "Czech", 1, start=400)
    assert owner_of(there, "Czech") == owner_of(there, "Greek") == str(german.pk)


def test_a_slot_keeps_its_name(
    api: Caller, owner: Project, german: Pattern, tmp_path: Path
) -> None:
    (slot, *_) = german.slots
    reword(api, german, make="name", slot=slot["name"], name="request")
    again, there = restored(owner, tmp_path)
    learn(again, "German", 3, start=300)
    consolidate_project(again.pk)

    assert "<request>" in there.get(f"patterns/{german.pk}/").json()["template"]
    undo(there, "reword")
    learn(again, "German", 1, start=400)
    assert "<request>" not in there.get(f"patterns/{german.pk}/").json()["template"]


def test_a_split_by_examples_holds_until_it_is_undone(owner: Project, tmp_path: Path) -> None:
    letter = test_example_split.letter
    keep(owner, [letter(number) for number in range(60)])
    learn_all(owner)
    (whole,) = Pattern.objects.stored().filter(project=owner)
    _, part = test_example_split.split(owner, whole, test_example_split.ANN, "Letters to Ann")
    again, there = restored(owner, tmp_path)

    assert test_example_split.owner_of(there, 600) == part
    assert Pattern.objects.get(pk=part).label == "Letters to Ann"
    undo(there, "split")
    keep(again, [letter(612)])
    learn_all(again)
    assert test_example_split.owner_of(there, 600) == str(whole.pk)
