"""Words of a template made slots or kept fixed, over the API: preview, change, audit, undo."""

from __future__ import annotations

from typing import Any

import pytest

from featurememory.models import Activity, AuditEntry, Project
from integration.repair.save_repair import consolidate_project
from patterns.models import Pattern, PatternEvent
from tests.builders import Caller, item, keep, learn_all, uses_and_recount

pytestmark = pytest.mark.django_db

ASK = "Write a polite {} answer to the customer below and keep every name as it is: {}"
NOUNS = "river stone lamp garden window silver quiet market engine paper cloud winter music bread"


def ask(language: str, number: int) -> dict[str, Any]:
    words = NOUNS.split()
    said = " ".join(words[(number * step + step) % len(words)] for step in (1, 3, 5, 9, 11))
    text = ASK.format(language, f"{said} {number}")
    return item(number, id=f"{language}-{number}", task_type="mail", input=text)


def learn(owner: Project, language: str, count: int = 12, start: int = 0) -> None:
    keep(owner, [ask(language, number) for number in range(start, start + count)])
    learn_all(owner)


def pattern_of(owner: Project, language: str) -> Pattern:
    rows = Pattern.objects.stored().filter(project=owner, template__contains=language)
    return rows.order_by("-use_count")[0]


@pytest.fixture
def german(owner: Project) -> Pattern:
    learn(owner, "German")
    consolidate_project(owner.pk)
    return pattern_of(owner, "German")


def reword(api: Caller, row: Pattern, **order: Any) -> dict[str, Any]:
    answer = api.post(f"patterns/{row.pk}/words/", order)
    assert answer.status_code == 200, answer.content
    done: dict[str, Any] = answer.json()
    return done


def owner_of(api: Caller, language: str) -> str | None:
    body = ask(language, 700)
    match = api.post("patterns/recognize/", body).json()["match"]
    return None if match is None else str(match["pattern_id"])


def test_a_preview_names_what_joins_and_changes_nothing(
    api: Caller, owner: Project, german: Pattern
) -> None:
    learn(owner, "French")
    french = owner_of(api, "French")
    told = reword(api, german, make="slot", word="German", dry_run=True)

    assert told["name"] == "language"
    assert told["joining"] == [french]
    assert told["interactions"] == 12
    assert owner_of(api, "French") == french


def test_a_word_made_a_slot_joins_patterns_and_sticks(
    api: Caller, owner: Project, german: Pattern
) -> None:
    learn(owner, "French")
    done = reword(api, german, make="slot", word="German")
    learn(owner, "Czech", 5)
    consolidate_project(owner.pk)

    assert owner_of(api, "French") == owner_of(api, "Czech") == owner_of(api, "Greek")
    (shown,) = done["patterns"]
    assert shown["id"] == str(german.pk)
    assert "polite <language> answer" in shown["template"]
    assert "language" in [slot["name"] for slot in shown["slots"]]
    assert uses_and_recount(owner)[0] == uses_and_recount(owner)[1]


def test_it_is_undone_as_a_whole_and_for_the_future(
    api: Caller, owner: Project, german: Pattern
) -> None:
    learn(owner, "French")
    french = owner_of(api, "French")
    done = reword(api, german, make="slot", word="German")
    learn(owner, "French", 4, start=50)
    api.post("patterns/restore/", {"operation_id": done["operation_id"]})
    consolidate_project(owner.pk)

    assert owner_of(api, "French") == french
    assert owner_of(api, "German") == str(german.pk)
    german.refresh_from_db()
    assert "polite German answer" in german.template
    assert [slot["name"] for slot in german.slots if slot["name"] == "language"] == []
    assert uses_and_recount(owner)[0] == uses_and_recount(owner)[1]


def test_a_value_kept_fixed_gets_a_pattern_of_its_own_until_undone(
    api: Caller, owner: Project, german: Pattern
) -> None:
    reword(api, german, make="slot", word="German")
    learn(owner, "Czech")
    told = reword(api, german, make="fixed", slot="language", word="Czech", dry_run=True)
    done = reword(api, german, make="fixed", slot="language", word="Czech")
    (part,) = [one for one in done["patterns"] if one["id"] != str(german.pk)]
    assert told["leaving"] == 0.5
    assert "polite Czech answer" in part["template"]
    assert owner_of(api, "Czech") == part["id"]

    api.post("patterns/restore/", {"operation_id": done["operation_id"]})
    learn(owner, "Czech", 1, start=80)
    assert owner_of(api, "Czech") == str(german.pk)


def test_people_name_slots(api: Caller, owner: Project, german: Pattern) -> None:
    (slot, *_) = api.get(f"patterns/{german.pk}/").json()["slots"]
    reword(api, german, make="name", slot=slot["name"], name="request")
    learn(owner, "German", 3, start=50)
    consolidate_project(owner.pk)

    shown = api.get(f"patterns/{german.pk}/").json()
    assert "<request>" in shown["template"]
    assert shown["slots"][0]["name"] == "request"


def test_it_is_told_in_the_audit_log_the_history_and_the_activity(
    api: Caller, owner: Project, german: Pattern
) -> None:
    reword(api, german, make="slot", word="German")

    assert AuditEntry.objects.filter(action="pattern.reworded").count() == 1
    event = PatternEvent.objects.get(pattern_id=german.pk, kind="reworded")
    assert event.details["text"] == "Made “German” the slot language"
    assert Activity.objects.filter(verb="reword").get().operation_id is not None
    diff = PatternEvent.objects.filter(pattern_id=german.pk, kind="template").latest("pk")
    assert "German" in diff.details["before"]
    assert "<language>" in diff.template


@pytest.mark.parametrize(
    ("order", "said"),
    [
        ({"make": "slot", "word": "Klingon"}, "no word Klingon"),
        ({"make": "name", "slot": "nowhere", "name": "x"}, "no slot nowhere"),
        ({"make": "fixed", "slot": "nowhere"}, "no slot nowhere"),
        ({"make": "other"}, "invalid enum value"),
        ({"make": "slot", "word": "German", "occurrence": 0}, "must be at least 1"),
        ({"make": "slot", "word": "German", "name": "two words"}, "A name has letters"),
    ],
)
def test_what_cannot_be_done_is_refused_with_the_reason(
    api: Caller, german: Pattern, order: dict[str, Any], said: str
) -> None:
    answer = api.post(f"patterns/{german.pk}/words/", order)

    assert answer.status_code in (400, 422)
    assert said in answer.content.decode()
