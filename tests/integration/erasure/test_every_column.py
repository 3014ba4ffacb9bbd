"""Whatever door a text came in by, and wherever it is kept: the same rules of privacy hold."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone

from featurememory.config import forget_config
from featurememory.models import Activity, Project, StoredAnswer
from integration.erasure.old_texts import forget_old_texts
from integration.models import Job, PreviousRecognizer
from optimizations.models import Decision, EvaluationTask, ShadowAnswer
from patterns.models import (
    FailedRecord,
    Feedback,
    ModelInteraction,
    PatternEvent,
    PayloadDictionary,
)
from patterns.redaction.word_sessions import forget_sessions
from patterns.retention.old_texts import DAY_MS
from patterns.storage import payloads
from patterns.storage.shared_words import forget_words
from tests.builders import caller, learn_all
from tests.featurememory.privacy.text_columns import list_columns, name_columns
from tests.integration.erasure import every_door
from tests.integration.erasure.test_erasure import erase, places

pytestmark = pytest.mark.django_db
WORD = "canaryperson"
# Filled by tests of their own: `test_content_free`, and the order of an erasure itself.
ELSEWHERE = {"patterns.SharedWords.words", "integration.Job.params", "integration.Job.cursor"}


@pytest.fixture(autouse=True)
def _places(tmp_path: Path, settings: Any) -> None:
    settings.DATA_DIR = tmp_path / "data"
    settings.DATA_DIR.mkdir(mode=0o700)
    cache.clear()


@pytest.fixture
def lived(owner: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project in which the word is in every column that keeps texts."""
    from integration.erasure import dictionaries

    monkeypatch.setattr(dictionaries, "WAIT_S", 0)
    PayloadDictionary.objects.create(data=f"late {WORD}".encode() * 9, trained_on=1 << 40)
    payloads.forget_dictionaries()
    every_door.let_in(owner, WORD)
    every_door.keep_by_hand(owner, WORD)
    return owner


def set_privacy(owner: Project, **values: Any) -> None:
    assert caller(owner, "ad").patch("config/", {"privacy": values}).status_code == 200
    forget_config()  # which the commit does, and there is none in a test


def test_every_column_of_texts_is_filled_here_and_no_other_holds_any(lived: Project) -> None:
    found = name_columns(places(WORD))

    texts = list_columns("SENT") | list_columns("LEARNED")
    assert texts - ELSEWHERE <= found
    assert found - texts <= list_columns("NAME")


def test_an_erasure_empties_all_of_them(lived: Project, settings: Any) -> None:
    rows = ModelInteraction.objects.filter(project=lived).exclude(id__startswith="other-")
    ids = list(rows.values_list("id", flat=True))
    erase(lived, {"session_id": every_door.session_of(WORD)})
    receipt = erase(lived, {"interaction_ids": ids})["result"]

    assert places(WORD) == places(every_door.session_of(WORD)) == set()
    assert receipt["interactions"] > 0
    assert list((settings.DATA_DIR / "uploads").iterdir()) == []


@pytest.mark.parametrize("order", ["session_id", "tag", "interaction_ids"])
def test_evaluated_tasks_go_with_what_they_are_of(owner: Project, order: str) -> None:
    api = caller(owner, "ad")
    every_door.let_in_evaluations(owner, "canarystays")
    words = {"session_id": "a", "tag": "b", "interaction_ids": "hers"}
    for word in words.values():
        given = {"model_id": "m", "score": 1, "session_id": f"s-{word}", "tags": {"user": word}}
        api.post("evaluations/", [{"input": f"text of {word}", "task_type": "tell", **given}])
    api.post("interactions/", every_door.tell("c", 1, input="text of hers"))
    orders: dict[str, Any] = {"session_id": "s-a", "tag": {"user": "b"}}
    orders |= {"interaction_ids": ["c-1"]}

    receipt = erase(owner, {order: orders[order]})["result"]

    assert receipt["evaluations"] == 1
    left = EvaluationTask.objects.filter(project=owner, set_name="default")
    told = {one.pk for one in left}
    assert len(told) == 2
    assert EvaluationTask.objects.filter(set_name="tickets").count() == 2
    assert places(f"text of {words[order]}") == set()


def test_a_session_that_only_an_evaluated_task_names_is_found(owner: Project) -> None:
    set_privacy(owner, redact=True)
    api = caller(owner, "ad")
    body = {"model_id": "m", "input": "hi", "score": 1, "session_id": "eve@mail.example"}
    assert api.post("evaluations/", [body]).json()["accepted"] == 1

    assert api.send("DELETE", "sessions/bob@mail.example/").status_code == 404
    assert api.send("DELETE", "sessions/eve@mail.example/").status_code == 202


def test_old_texts_are_in_no_column_of_what_was_sent(lived: Project, settings: Any) -> None:
    make_older(lived, days=10)
    set_privacy(lived, keep_texts=7)
    while not forget_old_texts(lived)[1]:
        pass

    # What recurs is still known, and notes are what people wrote.
    learned = {one for one in list_columns("LEARNED") if one.startswith("patterns.Pattern.")}
    learned |= {"patterns.PayloadDictionary.data", "patterns.Learner.snapshot"}
    learned |= {"patterns.PatternEvent.details"}
    found = name_columns(places(WORD)) - list_columns("NAME")
    assert found & list_columns("SENT") == set()
    assert found <= learned
    assert not any((settings.DATA_DIR / "uploads").iterdir())
    assert EvaluationTask.objects.filter(project=lived).count() == 2
    assert {one.answers[0]["score"] for one in EvaluationTask.objects.all()} == {1}


def make_older(owner: Project, days: int) -> None:
    moment = timezone.now() - timedelta(days=days)
    at = time.time_ns() // 1_000_000 - days * DAY_MS
    ModelInteraction.objects.filter(project=owner).update(received_at=at)
    counted: tuple[Any, ...] = (Decision, ShadowAnswer, EvaluationTask)
    for table in counted:
        table.objects.filter(project=owner).update(at=at)
    dated: tuple[Any, ...] = (Feedback, FailedRecord, PatternEvent, Activity, PreviousRecognizer)
    for table in dated:
        table.objects.filter(project=owner).update(at=moment)
    Job.objects.filter(project=owner).update(ended_at=moment)
    StoredAnswer.objects.all().delete()  # after a day, which is less than any project keeps texts


@pytest.mark.parametrize("privacy", [{"redact": True}, {"mode": "content_free"}])
def test_what_is_hidden_is_in_no_column_whatever_door_it_came_in_by(
    owner: Project, privacy: dict[str, Any]
) -> None:
    forget_sessions()
    forget_words()
    set_privacy(owner, **privacy)
    every_door.let_in(owner, "canary@mail.example")
    learn_all(owner)

    assert places("canary") == set()
    assert EvaluationTask.objects.filter(project=owner).count() == 2
    assert ShadowAnswer.objects.filter(project=owner).count() == 1


def test_words_of_ours_in_feedback_are_understood_while_texts_are_hidden(owner: Project) -> None:
    set_privacy(owner, mode="content_free")
    every_door.let_in_shadow(owner, "ann")
    shadow = ShadowAnswer.objects.get(project=owner)
    body = {"shadow_id": shadow.shadow_id, "metric_name": "verdict", "value": "better"}

    assert caller(owner).post("feedback/", body).status_code == 201
    shadow.refresh_from_db()
    assert shadow.verdict == 1
