"""A wake-up is only a wake-up: it may be lost, and it never refuses what is stored already."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from patterns.ingest import wakeup as module
from patterns.ingest.wakeup import LEARN_TASK, allow_next_wakeup, wake_learner, work_waits


def test_embedded_it_rings_the_bell_of_the_runner(settings: Any) -> None:
    settings.EMBEDDED = True
    wake_learner(uuid4())

    assert work_waits.is_set()


def test_with_workers_one_message_goes_out_however_many_requests_come(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.EMBEDDED = False
    sent: list[Any] = []
    monkeypatch.setattr(module, "send_learn_task", sent.append)
    first, second = uuid4(), uuid4()
    for name in (first, first, second, first):
        wake_learner(name)

    assert sent == [first, second]
    assert not work_waits.is_set()


def test_once_a_learner_has_begun_the_next_request_sends_a_message_again(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.EMBEDDED = False
    sent: list[Any] = []
    monkeypatch.setattr(module, "send_learn_task", sent.append)
    name = uuid4()
    wake_learner(name)
    allow_next_wakeup(name)
    wake_learner(name)

    assert sent == [name, name]


def test_a_broker_that_does_not_answer_is_no_error(
    settings: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    settings.EMBEDDED = False

    def refuse(_: Any) -> None:
        raise ConnectionError("refused")

    monkeypatch.setattr(module, "send_learn_task", refuse)
    wake_learner(uuid4())

    assert "the sweep will find what waits" in caplog.text


def test_the_message_names_a_task_the_workers_know() -> None:
    from integration import tasks

    assert tasks.learn_pending.name == LEARN_TASK
