"""What a project's own expressions take out, and that a trial shows it before."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from featurememory.config import forget_config
from featurememory.models import Activity, ConfigVersion, Project
from patterns.models import Feedback
from patterns.redaction.redact import make_redactor
from tests.builders import caller, item, keep, learn_all, project
from tests.integration.erasure.test_erasure import places

ROWS = [
    {"name": "customer", "expression": r"\bKD-?\d{6}\b"},
    {"name": "ward", "expression": "(?i)ward [a-z]{1,20}"},
]
OWN = tuple((one["name"], one["expression"]) for one in ROWS)
CANARY = "KD-770123"


@pytest.fixture
def guarded(db: None) -> Project:
    owner = project("shop")
    keep(owner, [item(900 + n, input=f"old KD-88000{n} of Ward Seven") for n in range(5)])
    body = {"privacy": {"patterns": ROWS}}
    assert caller(owner, "ad").patch("config/", body).status_code == 200
    forget_config()  # which the commit does, and there is none in a test
    return owner


def test_texts_members_and_whole_numbers_become_marks() -> None:
    redactor = make_redactor(project_id(), False, (*OWN, ("number", "99[0-9]{4}")))
    value = {
        "note KD-123456": ["in WARD north, ann@mail.example"],
        "plain": 991234,
        "other": 9912345,
    }

    assert redactor.redact_value(value) == {
        "note ⟦customer⟧": ["in ⟦ward⟧, ann@mail.example"],
        "plain": "⟦number⟧",
        "other": 9912345,
    }


def project_id() -> Any:
    return Project(name="x").pk


def test_built_in_detectors_and_own_expressions_work_together() -> None:
    redactor = make_redactor(project_id(), True, OWN)

    assert redactor.redact_text("KD-123456 ann@mail.example") == "⟦customer⟧ ⟦email⟧"


def test_a_mark_is_not_looked_into_again() -> None:
    redactor = make_redactor(project_id(), True, (("a", "ann"), ("b", "[a-z]{1,9}")))

    assert redactor.redact_text("ann 7 bob") == "⟦a⟧ 7 ⟦b⟧"


def test_half_a_pair_of_characters_stops_nothing() -> None:
    assert make_redactor(project_id(), False, OWN).redact_text("\ud800 KD-123456") == "? ⟦customer⟧"


def test_members_that_become_the_same_keep_their_values() -> None:
    redactor = make_redactor(project_id(), True)
    value = {"a@x.example": 1, "⟦email⟧-2": 2, "b@x.example": 3, "c@x.example": 4}

    redacted = redactor.redact_value(value)
    assert redacted == {"⟦email⟧": 1, "⟦email⟧-2": 2, "⟦email⟧-3": 3, "⟦email⟧-4": 4}


def test_every_way_in_is_redacted(guarded: Project, tmp_path: Path) -> None:
    text, api = f"for {CANARY}", caller(guarded, "rw")
    file = tmp_path / "history.jsonl"
    wrong = {"model_id": "m", "input": text, "metadata": {"timestamp": CANARY, "duration": 1}}
    file.write_text(json.dumps(item(3, input=text)) + "\n" + json.dumps(wrong))

    sent = item(1, input=text, error=text, tags={CANARY: text}, session_id=CANARY)
    assert api.post("interactions/", sent).status_code == 201
    api.post("tasks/prepare/", {"task": {"model_id": "m", "input": text, "session_id": CANARY}})
    body = {"session_id": CANARY, "metric_name": "comment", "value": text}
    assert api.post("feedback/", body).status_code == 201
    call_command("import", str(file), "--project", "shop", "--quiet")
    learn_all(guarded)

    assert places(CANARY) == set()
    assert Feedback.objects.get().value == "for ⟦customer⟧"
    assert caller(guarded, "ro").get("interactions/i-3/").json()["input"] == "for ⟦customer⟧"


def test_a_trial_shows_what_would_go_and_changes_nothing(guarded: Project) -> None:
    body = {"patterns": [{"name": "old", "expression": r"\bold [A-Z]{2}"}, ROWS[1]]}
    told = caller(guarded, "ad").post("config/redaction/", body).json()

    assert told["looked_at"] == 5
    assert [(one["name"], one["interactions"], one["matches"]) for one in told["found"]] == [
        ("old", 5, 5),
        ("ward", 5, 5),
    ]
    assert told["found"][0]["examples"][0] == {
        "before": "old KD-880004 of Ward Seven",
        "after": "⟦old⟧-880004 of Ward Seven",
    }
    assert len(told["found"][0]["examples"]) == 3
    assert caller(guarded, "ad").get("config/").json()["privacy"]["patterns"] == ROWS


@pytest.mark.parametrize("rows", [[{"name": "a", "expression": ".*"}], "a", [7], None])
def test_what_cannot_be_used_is_refused_and_not_saved(guarded: Project, rows: Any) -> None:
    api = caller(guarded, "ad")

    assert api.post("config/redaction/", {"patterns": rows}).status_code == 422
    assert api.patch("config/", {"privacy": {"patterns": rows}}).status_code == 422
    assert api.get("config/").json()["privacy"]["patterns"] == ROWS


def test_the_change_is_told_by_names(guarded: Project) -> None:
    assert ConfigVersion.objects.get().changes["patterns"] == [[], ROWS]
    line = Activity.objects.get(verb="threshold").summary
    assert line == "Set own redaction expressions from none to customer, ward"
