"""`prepare`: a decision within its time, or the task as it was."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import featurememory_client as fm
import pytest
from featurememory_client.asking import breaker

from tests.integration.client.fake_server import (
    PREPARE,
    Answer,
    FakeServer,
    Tarpit,
    dead_url,
    wait_for,
)

TASK = {"task_type": "t", "model_id": "large", "input": "q", "parameters": {"temperature": 0.2}}


def asked(server: FakeServer) -> list[dict[str, Any]]:
    return [body["task"] for body in server.bodies(PREPARE)]


def test_the_decision_says_how_the_task_should_run(server: FakeServer) -> None:
    fm.init(server.url, "k", timeout=5)
    server.decide = lambda task: {
        "task": {**task, "model_id": "small"},
        "changed": ["model_id"],
        "reason": "trial",
        "optimizations_applied": [{"id": "o-1", "type": "route_model", "arm": "treatment"}],
    }
    decision = fm.prepare({**TASK, "mine": object})

    assert decision.task == {**TASK, "model_id": "small", "mine": object}
    assert (decision.decision_id, decision.changed) == ("decision-1", ("model_id",))
    assert (decision.reason, decision.cached_output, decision.shadows) == ("trial", None, ())
    assert decision.applied[0]["id"] == "o-1"
    assert asked(server) == [TASK]
    assert fm.stats()["prepared"] == 1


def test_shadows_come_as_tasks_of_the_callers_own(server: FakeServer) -> None:
    fm.init(server.url, "k", timeout=5)
    wished = {"shadow_id": "s-1", "model_id": "small", "parameters": {"temperature": 0.7}}
    server.decide = lambda task: {"shadows": [wished, {"shadow_id": 5}, "nonsense"]}
    (shadow,) = fm.prepare(TASK).shadows

    assert shadow["shadow_id"] == "s-1"
    assert shadow["task"] == {**TASK, "model_id": "small", "parameters": {"temperature": 0.7}}


def test_the_session_around_it_is_asked_about_and_not_added_to_the_task(
    server: FakeServer,
) -> None:
    fm.init(server.url, "k", timeout=5)
    with fm.interaction(task_type="t", model_id="m", input="x", session_id="s-1"):
        decision = fm.prepare(TASK)

    assert asked(server)[0]["session_id"] == "s-1"
    assert decision.task == TASK


def test_models_limit_the_choice(server: FakeServer) -> None:
    fm.init(server.url, "k", timeout=5)
    fm.prepare(TASK, models=["small", "large"])

    assert server.bodies(PREPARE)[0]["models"] == ["small", "large"]


NONSENSE: list[Answer] = [
    (200, {"decision_id": 7, "task": [], "changed": 3}, {}),
    (200, {"decision_id": "d", "task": {}, "changed": ["model_id"]}, {}),
    (200, {"decision_id": "d", "task": {"model_id": 5}, "changed": ["model_id"]}, {}),
    (200, {"decision_id": "d", "task": {"parameters": 5}, "changed": ["parameters"]}, {}),
    (200, [1, 2], {}),
    (200, b"\x00\xff not json {", {}),
    (200, b"x", {"Content-Length": str(64 << 20)}),
    (307, b"", {"Location": "http://127.0.0.1:9/"}),
    (500, b"<html>oops</html>", {}),
    (422, {"code": "INVALID"}, {}),
]


@pytest.mark.parametrize("answer", NONSENSE, ids=str)
def test_an_answer_that_is_no_decision_changes_nothing(server: FakeServer, answer: Answer) -> None:
    fm.init(server.url, "k", timeout=5)
    server.answer = lambda path, body: answer
    decision = fm.prepare(TASK)

    assert decision.task is TASK
    assert (decision.decision_id, decision.changed, decision.shadows) == (None, (), ())
    assert fm.stats()["prepare_failed"] == 1
    assert fm.stats()["last_error"]


@pytest.mark.parametrize("task", [{}, {"model_id": object()}, {"input": float("nan")}, None, 5])
def test_a_task_that_is_none_comes_back_as_it_is(server: FakeServer, task: Any) -> None:
    fm.init(server.url, "k", timeout=5)
    server.answer = lambda path, body: (422, {"code": "INVALID"}, {})

    assert fm.prepare(task).task is task


@pytest.mark.parametrize("drip", [False, True])
def test_it_takes_no_longer_than_its_timeout(drip: bool) -> None:
    trap = Tarpit(drip)
    fm.init(trap.url, "k")
    began = time.monotonic()
    decision = fm.prepare(TASK, timeout=0.1)

    assert time.monotonic() - began < 0.35
    assert decision.task is TASK
    trap.close()


def test_a_server_that_does_not_answer_is_soon_not_waited_for(tarpit: Tarpit) -> None:
    fm.init(tarpit.url, "k", timeout=0.05)
    for _ in range(breaker.THRESHOLD):
        fm.prepare(TASK)
    times = []
    for _ in range(200):
        began = time.monotonic()
        assert fm.prepare(TASK).decision_id is None
        times.append(time.monotonic() - began)

    assert sorted(times)[190] < 0.001
    assert fm.stats()["prepare_failed"] == 200 + breaker.THRESHOLD


def test_whether_it_is_back_is_tried_beside_the_callers(
    server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(breaker, "FIRST_S", 0.05)
    fm.init(server.url, "k", timeout=0.5)
    down, threads = [True], set()

    def answer(path: str, body: Any) -> Answer:
        threads.add(body.get("dry_run", False))
        return (503, {}, {}) if down else None

    server.answer = answer
    for _ in range(20):
        fm.prepare(TASK)
        time.sleep(0.01)
    down.clear()

    wait_for(lambda: fm.prepare(TASK).decision_id is not None)
    assert threads == {True, False}  # the probes were dry runs: they leave no trace


def test_a_task_that_is_refused_does_not_stop_the_others(server: FakeServer) -> None:
    fm.init(server.url, "k", timeout=5)
    server.answer = lambda path, body: (
        (422, {"code": "INVALID"}, {}) if body["task"]["input"] == "bad" else None
    )
    for _ in range(breaker.THRESHOLD + 1):
        fm.prepare({**TASK, "input": "bad"})

    assert fm.prepare(TASK).decision_id


def test_callers_in_many_threads_are_answered(server: FakeServer) -> None:
    fm.init(server.url, "k", timeout=5)
    found: list[fm.Decision] = []
    threads = [threading.Thread(target=lambda: found.append(fm.prepare(TASK))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len([decision for decision in found if decision.decision_id]) == 20


def test_it_may_be_asked_in_a_thread_of_a_loop(server: FakeServer) -> None:
    fm.init(server.url, "k", timeout=5)

    assert asyncio.run(asyncio.to_thread(fm.prepare, TASK)).decision_id


def test_a_dead_server_costs_next_to_nothing() -> None:
    fm.init(dead_url(), "k")
    began = time.monotonic()
    for _ in range(100):
        fm.prepare(TASK)

    assert time.monotonic() - began < 0.3
