"""Redaction on every way in: nothing of it is in the database."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from featurememory.config import forget_config
from featurememory.models import Project, StoredAnswer
from integration.dialects.unmapped import unmapped_names
from integration.models import UnmappedName
from patterns.models import Feedback, ModelInteraction
from tests.builders import caller, item, keep, learn_all
from tests.integration.erasure.test_erasure import places

pytestmark = pytest.mark.django_db
MAIL, CARD, KEY = "ann@mail.example", "4111111111111111", "sk-abcdefghij0123456789ABCD"
TEXT = f"please write to {MAIL}, card {CARD}, key {KEY}"


@pytest.fixture
def guarded(owner: Project) -> Project:
    answer = caller(owner, "ad").patch("config/", {"privacy": {"redact": True}})
    assert answer.status_code == 200
    forget_config()  # which the commit does, and there is none in a test
    return owner


def told(number: int) -> dict[str, Any]:
    return item(
        number,
        input={"text": TEXT, MAIL: [TEXT]},
        output={"reply": TEXT},
        error=TEXT,
        tags={"contact": MAIL, "k": KEY},
        parameters={"stop": MAIL},
        session_id=MAIL,
        unknown={"note": [TEXT], MAIL: CARD},
    )


def left() -> set[str]:
    return {place for word in (MAIL, CARD, KEY) for place in places(word)}


def test_single_batch_and_file_are_redacted(guarded: Project, tmp_path: Path) -> None:
    api, file = caller(guarded, "in"), tmp_path / "history.jsonl"
    file.write_text(json.dumps(told(3)))

    assert api.post("interactions/", told(1)).status_code == 201
    assert api.post("interactions/batch/", [told(2)]).json()["accepted"] == 1
    call_command("import", str(file), "--project", "shop", "--quiet")
    learn_all(guarded)

    assert ModelInteraction.objects.filter(project=guarded, state=1).count() == 3
    assert left() == set()
    kept = caller(guarded, "ro").get("interactions/i-1/").json()
    assert kept["input"]["text"] == "please write to ⟦email⟧, card ⟦card⟧, key ⟦secret⟧"


def test_prepare_is_redacted_but_answers_what_was_sent(guarded: Project) -> None:
    task = {"model_id": "m", "input": TEXT, "session_id": MAIL}
    headers = {"Idempotency-Key": "once"}
    answer = caller(guarded, "in").post("tasks/prepare/", {"task": task}, headers=headers)

    assert answer.json()["task"]["input"] == TEXT
    assert left() == set()
    assert not StoredAnswer.objects.exists()


def test_feedback_is_redacted_and_finds_its_session(guarded: Project) -> None:
    api = caller(guarded, "rw")
    api.post("interactions/", told(1))
    body = {"session_id": MAIL, "metric_name": "comment", "value": TEXT}

    assert api.post("feedback/", body).status_code == 201
    assert left() == set()
    assert "⟦email⟧" in str(Feedback.objects.get().value)


def test_different_sessions_stay_different(guarded: Project) -> None:
    keep(guarded, [told(1), told(2) | {"session_id": "bob@mail.example"}])

    names = set(ModelInteraction.objects.values_list("session_id", flat=True))
    assert len(names) == 2
    assert all(name.startswith("⟦email⟧-") for name in names)


def test_nothing_is_changed_unless_the_project_says_so(owner: Project) -> None:
    keep(owner, [told(1)])

    assert places(MAIL)


def test_members_nobody_knows_are_redacted(guarded: Project) -> None:
    keep(guarded, [told(1)])

    kept = caller(guarded, "ro").get("interactions/i-1/").json()["extra"]["unknown"]
    assert kept["⟦email⟧"] == "⟦card⟧"
    assert left() == set()


def test_other_tools_are_redacted(guarded: Project) -> None:
    call = {
        "id": "call-1",
        "model": "gpt-5-mini",
        "messages": [{"role": "user", "content": TEXT}],
        "response": TEXT,
        "startTime": 1_780_000_000.0,
        "endTime": 1_780_000_001.0,
        f"mail {MAIL}": 1,
    }

    assert caller(guarded, "in").post("ingest/litellm/", [call]).status_code < 300
    assert caller(guarded, "ad").get("ingest/unmapped/").status_code == 200
    assert ModelInteraction.objects.filter(project=guarded).count() == 1
    assert left() == set()


def test_a_repetition_is_no_conflict_though_it_was_redacted(guarded: Project) -> None:
    api = caller(guarded, "in")
    api.post("interactions/", told(1))

    assert api.post("interactions/", told(1)).json()["status"] == "duplicate"
    other = told(1) | {"output": "something else"}
    assert api.post("interactions/", other).json()["status"] == "conflict"


def test_what_was_stored_before_redaction_is_no_conflict(owner: Project) -> None:
    api = caller(owner, "ad")
    sent = told(1) | {"session_id": "s"}
    api.post("interactions/", sent)
    api.patch("config/", {"privacy": {"redact": True}})

    assert api.post("interactions/", sent).json()["status"] == "duplicate"


def test_names_nobody_maps_are_redacted(guarded: Project) -> None:
    unmapped_names.note(guarded.pk, "otlp", [f"mail {MAIL}"])
    unmapped_names.write()

    assert UnmappedName.objects.get(project=guarded).name == "mail ⟦email⟧"


def test_what_is_asked_about_is_recognised_as_it_would_be_stored(guarded: Project) -> None:
    keep(guarded, [told(number) for number in range(5)])
    learn_all(guarded)
    answer = caller(guarded, "ro").post("patterns/recognize/", told(9))

    assert answer.json()["match"] is not None
    assert MAIL not in answer.content.decode()


def test_a_task_is_prepared_for_the_pattern_it_will_be_stored_in(guarded: Project) -> None:
    keep(guarded, [told(number) for number in range(5)])
    learn_all(guarded)
    task = {name: told(9)[name] for name in ("input", "parameters", "task_type", "model_id")}
    answer = caller(guarded, "ad").post("tasks/prepare/", {"task": task})

    assert answer.status_code == 200, answer.content
    assert [one["confidence"] > 0 for one in answer.json()["patterns"]] == [True]
