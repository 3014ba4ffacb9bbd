"""A wake-up is only a wake-up: it may be lost, and it never refuses what is stored already."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from patterns.ingest import wakeup as module
from patterns.ingest.wakeup import LEARN_TASK, awake, waiting, wake


def test_embedded_it_rings_the_bell_of_the_runner(settings: Any) -> None:
    settings.EMBEDDED = True
    wake(uuid4())

    assert waiting.is_set()


def test_with_workers_one_message_goes_out_however_many_requests_come(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.EMBEDDED = False
    sent: list[Any] = []
    monkeypatch.setattr(module, "send", sent.append)
    first, second = uuid4(), uuid4()
    for name in (first, first, second, first):
        wake(name)

    assert sent == [first, second]
    assert not waiting.is_set()


def test_once_a_learner_has_begun_the_next_request_sends_a_message_again(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.EMBEDDED = False
    sent: list[Any] = []
    monkeypatch.setattr(module, "send", sent.append)
    name = uuid4()
    wake(name)
    awake(name)
    wake(name)

    assert sent == [name, name]


def test_a_broker_that_does_not_answer_is_no_error(
    settings: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    settings.EMBEDDED = False

    def refuse(_: Any) -> None:
        raise ConnectionError("refused")

    monkeypatch.setattr(module, "send", refuse)
    wake(uuid4())

    assert "the sweep will find what waits" in caplog.text


def test_the_message_names_a_task_the_workers_know() -> None:
    from integration import tasks

    assert tasks.learn_pending.name == LEARN_TASK
