"""From the queue to the server: each call arrives once, and the counts say what became of it."""

from __future__ import annotations

import threading
import time
from typing import Any

import featurememory_client as fm
import pytest
from featurememory_client.delivery import sender as sending

from tests.integration.client.fake_server import (
    BATCH,
    FEEDBACK,
    Answer,
    FakeServer,
    dead_url,
    wait_for,
)

job = fm.remember(task_type="t", model_id="m")(lambda q: q)


def total(stats: dict[str, Any]) -> int:
    return sum(stats[name] for name in ("sent", "dropped", "queued", "spooled"))


def test_many_calls_go_out_in_few_requests(server: FakeServer) -> None:
    fm.init(server.url, "k")
    for number in range(500):
        job(f"call {number}.")

    assert fm.flush(10)
    assert len(server.found("call")) == 500
    assert len(server.bodies(BATCH)) <= 20
    assert server.connections == 1
    assert fm.stats()["sent"] == 500


def test_recording_takes_no_time_of_the_caller(server: FakeServer) -> None:
    fm.init(server.url, "k")
    times = []
    for _ in range(2000):
        began = time.thread_time()
        job("x" * 1000)
        times.append(time.thread_time() - began)

    assert sorted(times)[1980] < 0.001


def test_a_busy_server_is_asked_again_when_it_says_so(server: FakeServer) -> None:
    fm.init(server.url, "k")
    refused: list[float] = []

    def refuse_once(path: str, body: Any) -> Answer:
        if refused:
            return None
        refused.append(time.monotonic())
        return 503, {"code": "OVERLOADED", "title": "full"}, {"Retry-After": "1"}

    server.answer = refuse_once
    job("hello")

    assert fm.flush(10)
    assert time.monotonic() - refused[0] >= 0.9
    assert server.one("hello")
    assert fm.stats()["retried"] == 1


LIES: list[Answer] = [
    (200, {"accepted": "many", "rejected": 5}, {}),
    (207, {"accepted": 7, "duplicates": 0, "rejected": []}, {}),
    (207, [1, 2], {}),
    (200, b"\x00\xff not json {", {}),
    (307, b"", {"Location": "http://127.0.0.1:9/elsewhere"}),
    (500, b"<html>oops</html>", {"Content-Type": "text/html"}),
    (400, b"<html>a proxy's idea of a bad request</html>", {}),
    (401, {"code": "UNAUTHENTICATED"}, {}),
    (207, b"x", {"Content-Length": str(64 << 20)}),
]


@pytest.mark.parametrize("lie", LIES, ids=str)
def test_an_answer_that_makes_no_sense_loses_nothing(server: FakeServer, lie: Answer) -> None:
    fm.init(server.url, "k")
    lies = iter([lie, lie])
    server.answer = lambda path, body: next(lies, None)
    job("hello")

    assert fm.flush(10)
    assert server.one("hello")
    assert fm.stats()["sent"] == 1
    assert fm.stats()["last_error"]


def test_what_the_server_refuses_is_dropped_and_the_rest_arrives(server: FakeServer) -> None:
    fm.init(server.url, "k")

    def refuse_bad_ones(path: str, body: Any) -> Answer:
        bad = [n for n, entry in enumerate(body) if "bad" in entry["input"]]
        server.acknowledged += [entry for n, entry in enumerate(body) if n not in bad]
        problems = [{"index": n, "problem": {"detail": "no such thing"}} for n in bad]
        count = len(body) - len(bad)
        return 207, {"accepted": count, "duplicates": 0, "rejected": problems}, {}

    server.answer = refuse_bad_ones
    for text in ("good 1", "bad", "good 2"):
        job(text)

    assert fm.flush(10) is False  # not everything arrived
    assert len(server.found("good")) == 2
    stats = fm.stats()
    assert (stats["sent"], stats["dropped"]) == (2, 1)
    assert "no such thing" in stats["last_error"]


def test_a_call_under_a_taken_id_is_dropped_and_not_sent_for_ever(server: FakeServer) -> None:
    fm.init(server.url, "k")
    conflicts = {"accepted": 0, "duplicates": 0, "rejected": [], "conflicts": 1}
    conflicts["conflicting"] = [{"index": 0, "id": "x", "differs": ["output"]}]
    server.answer = lambda path, body: (207, conflicts, {})
    job("call.")

    assert fm.flush(5) is False
    assert (fm.stats()["dropped"], fm.stats()["retried"]) == (1, 0)


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_batch_refused_as_a_whole_is_halved_until_the_cause_is_found(
    server: FakeServer, status: int
) -> None:
    fm.init(server.url, "k")

    def refuse(path: str, body: Any) -> Answer:
        bad = any("poison" in entry["input"] for entry in body)
        return (status, {"code": "INVALID", "detail": "poison"}, {}) if bad else None

    server.answer = refuse
    for number in range(40):
        job(f"call {number}." if number != 17 else "poison")

    assert fm.flush(10) is False
    assert len(server.found("call")) == 39
    assert (fm.stats()["sent"], fm.stats()["dropped"]) == (39, 1)


def test_big_calls_arrive_in_batches_the_server_takes(server: FakeServer) -> None:
    fm.init(server.url, "k")
    for number in range(20):
        job(f"big {number}. " + "y" * 600_000)

    assert fm.flush(20)
    assert len(server.found("big")) == 20
    assert max(len(str(body)) for body in server.bodies(BATCH)) < 3 << 20


def test_a_kept_connection_that_the_server_closed_is_replaced(server: FakeServer) -> None:
    fm.init(server.url, "k")
    server.hangs_up = True  # after its answer, without a word
    for text in ("first", "second"):
        job(text)
        assert fm.flush(5)

    assert server.one("second")
    assert (server.connections, fm.stats()["retried"]) == (2, 0)


def test_a_full_queue_drops_and_counts(server: FakeServer) -> None:
    fm.init(dead_url(), "k", max_queue=50)
    for number in range(200):
        job(f"call {number}.")

    stats = fm.stats()
    assert total(stats) == 200
    assert (stats["queued"], stats["dropped"]) == (50, 150)


def test_the_bytes_in_the_queue_are_bounded_too() -> None:
    fm.init(dead_url(), "k")
    for _ in range(100):
        job(["x" * 900_000])

    assert 20 <= fm.stats()["queued"] <= 24  # each has an input and an output


def test_the_counts_add_up_at_any_moment(server: FakeServer) -> None:
    fm.init(server.url, "k", max_queue=100)
    made, wrong, stop = [0], [], threading.Event()

    def refuse_sometimes(path: str, body: Any) -> Answer:
        return (503, {}, {}) if len(server.requests) % 2 else None

    server.answer = refuse_sometimes
    for _ in range(3000):
        job("x")
        made[0] += 1
        if total(fm.stats()) != made[0]:
            wrong.append(fm.stats())
    stop.set()

    assert wrong == []


def test_flush_keeps_to_its_time_and_says_no(tarpit: Any) -> None:
    fm.init(tarpit.url, "k")
    job("hello")
    began = time.monotonic()

    assert fm.flush(0.2) is False
    assert time.monotonic() - began < 1
    assert fm.stats()["queued"] == 1


def test_after_a_flush_in_vain_the_call_still_arrives(server: FakeServer) -> None:
    fm.init(server.url, "k")
    server.answer = lambda path, body: (503, {}, {})
    job("hello")
    assert fm.flush(0.2) is False
    server.answer = lambda path, body: None

    wait_for(lambda: fm.stats()["sent"] == 1)
    assert server.one("hello")


def test_feedback_comes_after_its_interaction_one_metric_each(server: FakeServer) -> None:
    fm.init(server.url, "k")
    with fm.interaction(task_type="t", model_id="m", input="q") as call:
        call.output = "a"
    fm.feedback(interaction_id=call.id, success=False, score=0.25, comment="late")

    assert fm.flush(5)
    assert [path for path, _, _ in server.requests] == [BATCH, FEEDBACK, FEEDBACK, FEEDBACK]
    values = {word["metric_name"]: word["value"] for word in server.feedback}
    assert values == {"success": False, "score": 0.25, "comment": "late"}
    assert {word["interaction_id"] for word in server.feedback} == {call.id}
    assert total(fm.stats()) == 1


def test_feedback_on_an_unknown_interaction_is_tried_again(
    server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("featurememory_client.delivery.postponed.FIRST_S", 0.05)
    fm.init(server.url, "k")
    server.answer = lambda path, body: (
        (404, {"code": "NOT_FOUND"}, {}) if len(server.feedback) < 3 else None
    )
    fm.feedback(decision_id="d-1", score=1)

    wait_for(lambda: len(server.feedback) == 3)


@pytest.mark.parametrize(
    "given", [{"score": 1}, {"session_id": "s", "score": 7}, {"session_id": "s", "success": "yes"}]
)
def test_feedback_that_says_nothing_is_reported_and_not_sent(
    server: FakeServer, given: dict[str, Any]
) -> None:
    fm.init(server.url, "k")
    fm.feedback(**given)

    assert fm.flush(5)
    assert server.feedback == []
    assert "feedback" in fm.stats()["last_error"]


def test_errors_are_told_beside_the_caller_and_may_fail_themselves() -> None:
    told: list[tuple[Exception, str]] = []

    def on_error(error: Exception) -> None:
        told.append((error, threading.current_thread().name))
        raise RuntimeError("on_error raises as well")

    fm.init(dead_url(), "k", on_error=on_error)
    job("hello")
    fm.prepare({"model_id": "m", "input": "x"})

    wait_for(lambda: len(told) >= 2)
    assert {name for _, name in told} == {"feature-memory"}


def test_the_sender_survives_what_should_not_happen(
    server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    fm.init(server.url, "k")
    calls = iter([RuntimeError("a bug")])
    real = sending.Courier.send_batch

    def send_or_fail(self: Any, bodies: list[bytes]) -> list[str]:
        for error in calls:
            raise error
        return real(self, bodies)

    monkeypatch.setattr(sending.Courier, "send_batch", send_or_fail)
    job("hello")

    assert fm.flush(5)
    assert server.one("hello")


def test_feedback_is_kept_when_sending_it_fails_unexpectedly(
    server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    fm.init(server.url, "k")
    calls = iter([RuntimeError("a bug")])
    real = sending.Courier.send_feedback

    def send_or_fail(self: Any, body: bytes) -> str:
        for error in calls:
            raise error
        return real(self, body)

    monkeypatch.setattr(sending.Courier, "send_feedback", send_or_fail)
    fm.feedback(decision_id="d-1", score=1)
    fm.feedback(decision_id="d-2", score=0)

    assert fm.flush(5)
    assert [word["decision_id"] for word in server.feedback] == ["d-1", "d-2"]
