"""Texts go after the days a project keeps them; figures, patterns and their use stay."""

from __future__ import annotations

import time
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client

from featurememory.config import forget_config
from featurememory.models import Project
from integration.doctor.examination import examine
from integration.erasure.old_texts import OFTEN, forget_if_due, forget_old_texts, strip_state
from integration.repair.save_repair import consolidate_project
from optimizations.models import Decision, ShadowAnswer
from patterns.engine.pattern.pattern_state import PatternState
from patterns.engine.pattern.slot_sketch import SlotSketch
from patterns.models import Feedback, ModelInteraction, Pattern, PatternEvent, Payload
from patterns.recognition.recognizer_cache import recognizers
from patterns.retention.old_texts import DAY_MS
from patterns.storage import payloads
from tests.builders import caller, item, keep, learn_all, project
from tests.integration.erasure.test_erasure import places

pytestmark = pytest.mark.django_db
OLD, NEW = "canaryold", "canarynew"


def told(word: str, number: int, **more: Any) -> dict[str, Any]:
    return item(
        number,
        id=f"{word}-{number}",
        input=f"Please call {word}{number} back about order {number * 31} of yesterday",
        output=f"I called {word}{number}",
        task_type="call.back",
        session_id=f"s-{number}",
        **more,
    )


@pytest.fixture
def owner() -> Project:
    """Twelve interactions of ten days ago, a decision and a comment among them; twelve of today."""
    cache.clear()
    owner = project("shop")
    api = caller(owner, "ad")
    keep(owner, [told(OLD, number) for number in range(12)])
    task: dict[str, Any] = {
        "model_id": "m",
        "task_type": "call.back",
        "input": f"call {OLD}",
        "session_id": "s-1",
    }
    task["parameters"] = {"temperature": 0.5, "system": f"{OLD} " * 20}
    api.post("tasks/prepare/", {"task": task})
    body: dict[str, Any] = {
        "session_id": "s-1",
        "metric_name": "comment",
        "value": f"thanks, {OLD}",
    }
    assert api.post("feedback/", body).status_code == 201
    body = {"session_id": "s-1", "metric_name": "score", "value": 0.5}
    assert api.post("feedback/", body).status_code == 201
    learn_all(owner)
    keep_shadow(owner, OLD)
    make_older(owner, 10)
    keep(owner, [told(NEW, number) for number in range(12)])
    learn_all(owner)
    api.patch("config/", {"privacy": {"keep_texts": 7}})
    forget_config()  # which the commit does, and there is none in a test
    return owner


def keep_shadow(owner: Project, word: str) -> None:
    decision = Decision.objects.get(project=owner)
    ShadowAnswer.objects.create(
        project=owner,
        shadow_id=f"{decision.id}.1",
        decision_id=decision.id,
        model_id="m2",
        at=1,
        data=payloads.pack_payload({"output": f"I called {word}"}),
    )


def make_older(owner: Project, days: int) -> None:
    then = time.time_ns() // 1_000_000 - days * DAY_MS
    ModelInteraction.objects.filter(project=owner).update(received_at=then)
    Decision.objects.filter(project=owner).update(at=then)
    at = Feedback.objects.get(metric_name="score").at.fromtimestamp(then / 1000).astimezone()
    Feedback.objects.filter(project=owner).update(at=at)
    PatternEvent.objects.filter(project=owner).update(at=at)
    ShadowAnswer.objects.filter(project=owner).update(at=then)


def test_old_texts_are_nowhere_and_new_ones_stay(owner: Project) -> None:
    gone, is_done = forget_old_texts(owner)

    assert (gone, is_done) == (12, False)  # a decision was looked at: perhaps there are more
    assert forget_old_texts(owner) == (0, True)
    # Names that the caller gave are figures' names, not texts.
    assert places(OLD) == {"patterns_modelinteraction.id"}
    assert Payload.objects.count() == 12
    assert "patterns_payload.data" in places(NEW)


def test_figures_patterns_and_statistics_stay(owner: Project) -> None:
    def figures() -> Any:
        rows = ModelInteraction.objects.order_by("number")
        known = caller(owner, "ro").get("patterns/").json()["data"]
        kept = [
            (p["id"], p["template"], p["metadata"], p["models"], p["confidence"]) for p in known
        ]
        return list(rows.values("id", "pattern_id", "cost", "duration", "success", "score")), kept

    before = figures()
    forget_old_texts(owner)

    assert figures() == before
    assert (Decision.objects.count(), ShadowAnswer.objects.count()) == (1, 1)
    assert {row.value for row in Feedback.objects.all()} == {0.5, "text no longer kept"}


def test_values_that_few_texts_had_go_though_others_gave_way_to_them() -> None:
    sketch = SlotSketch("order")
    for number in range(400):
        sketch.add("urgent" if number % 4 == 0 else number)
    state = PatternState(id="p", partition="", kind="text", sketches={"order": sketch})

    assert min(sketch.counts.values()) > OFTEN
    assert strip_state(state, None)
    assert list(sketch.counts) == ["urgent"]
    assert not strip_state(state, None)


def test_recognition_goes_on_as_before_after_a_restart_and_a_repair(owner: Project) -> None:
    before = set(Pattern.objects.filter(project=owner).values_list("pk", flat=True))
    forget_old_texts(owner)
    recognizers.drop(owner.pk)
    consolidate_project(owner.pk)
    keep(owner, [told("canarylater", number) for number in range(3)])
    learn_all(owner)

    later = ModelInteraction.objects.filter(id__startswith="canarylater")
    assert {row.pattern_id for row in later} <= before
    assert [found for _, _, found in examine(owner.name) if found] == []


def test_patterns_of_which_no_text_is_left_are_still_recognised(owner: Project) -> None:
    words = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa"]
    kinds = {
        "prompt": "Summarize the meeting notes of team {0} for {1} in three short bullet points",
        "logs": "ERROR worker-{1} lost connection to {0}.example after {1} ms",
    }

    def sent(start: int) -> list[dict[str, Any]]:
        return [
            item(
                number,
                id=f"{kind}-{number}",
                task_type=kind,
                input=text.format(words[number % 10], number * 7),
            )
            for kind, text in kinds.items()
            for number in range(start, start + 30)
        ]

    keep(owner, sent(0))
    learn_all(owner)
    consolidate_project(owner.pk)
    make_older(owner, 10)
    forget_old_texts(owner)
    recognizers.drop(owner.pk)
    consolidate_project(owner.pk)
    keep(owner, sent(30))
    learn_all(owner)

    for kind in kinds:
        rows = ModelInteraction.objects.filter(task_type=kind).order_by("number")
        found = [row.pattern_id for row in rows]
        assert set(found[30:]) <= set(found[:30]), kind


def test_what_waits_to_be_recognised_keeps_its_text(owner: Project) -> None:
    keep(owner, [told("canarywaits", 1)])
    make_older(owner, 10)
    forget_old_texts(owner)

    assert Payload.objects.count() == 1
    assert learn_all(owner) == 1
    assert forget_old_texts(owner)[0] == 1


def test_the_api_and_the_pages_say_so(owner: Project) -> None:
    forget_old_texts(owner)
    told_of = caller(owner, "ro").get(f"interactions/{OLD}-1/").json()
    assert (told_of["texts_kept"], told_of["input"], told_of["score"]) == (False, None, 0.5)
    assert caller(owner, "ro").get(f"interactions/{NEW}-1/").json()["texts_kept"] is True

    browser = Client()
    browser.force_login(User.objects.create_superuser("ana"))
    for path in (f"{OLD}-1/", "", f"{OLD}-1/why/"):
        page = browser.get(f"/interactions/{path}")
        assert page.status_code == 200
        assert "ext no longer kept" in page.content.decode().replace(
            "ext is no longer kept", "ext no longer kept"
        )
    assert browser.get(f"/interactions/{OLD}-1/payload.json").json() == {}


def test_re_processing_and_retrying_leave_them_where_they_are(owner: Project) -> None:
    forget_old_texts(owner)
    before = dict(ModelInteraction.objects.values_list("id", "pattern_id"))
    for kind in ("reprocess", "retry_failed"):
        assert caller(owner, "ad").post("jobs/", {"kind": kind}).status_code in (201, 202)

    assert dict(ModelInteraction.objects.values_list("id", "pattern_id")) == before


def test_a_project_without_texts_is_restored_as_it_was(owner: Project, tmp_path: Path) -> None:
    forget_old_texts(owner)
    file = str(tmp_path / "p.tar.zst")
    call_command("export", "--project", "shop", "--output", file, stdout=StringIO())
    owner.delete()
    Payload.objects.all().delete()
    call_command("restore", file, "--project", "again", stdout=StringIO())

    again = Project.objects.get(name="again")
    told_of = caller(again, "ro").get(f"interactions/{OLD}-1/").json()
    assert (told_of["texts_kept"], told_of["score"]) == (False, 0.5)
    assert Payload.objects.count() == 12


def test_nothing_goes_without_the_setting(owner: Project) -> None:
    caller(owner, "ad").patch("config/", {"privacy": {"keep_texts": 0}})
    forget_config()

    assert forget_old_texts(owner) == (0, True)
    assert Payload.objects.count() == 24


def test_it_is_looked_at_once_an_hour(owner: Project) -> None:
    assert forget_if_due(owner.pk) == 12
    assert forget_if_due(owner.pk) == 0
    make_older(owner, 10)
    assert forget_if_due(owner.pk) == 0

    cache.clear()
    assert forget_if_due(owner.pk) == 12


def test_the_command_says_how_many_went(owner: Project) -> None:
    out = StringIO()
    call_command("cleanup", "--project", "shop", stdout=out)

    assert "12 texts deleted, whose figures stay" in out.getvalue()
