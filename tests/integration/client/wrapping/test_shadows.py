"""Shadows: run after the answer, beside it, and never instead of it."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import featurememory_client as fm
import pytest
from featurememory_client import runtime

from tests.integration.client.fake_model import FakeModel
from tests.integration.client.fake_server import FakeServer, wait_for
from tests.integration.client.stand_in_sdk import AsyncProvider, Provider
from tests.integration.client.wrapping.calls import ask_large


def wish(model_id: str) -> dict[str, Any]:
    return {"shadows": [{"shadow_id": "s-1", "model_id": model_id, "parameters": {"n": 1}}]}


def test_a_shadow_runs_after_the_answer_and_is_recorded_beside_it(
    prepared: Provider, server: FakeServer, model: FakeModel
) -> None:
    server.decide = lambda task: wish("small")
    ask_large(prepared, temperature=0.2, extra_headers={"x-team": "a"})
    returned = time.monotonic()

    wait_for(lambda: fm.flush(1) and len(server.acknowledged) == 2)
    main, shadow = sorted(server.acknowledged, key=lambda entry: "shadow_id" in entry)
    assert (main["model_id"], shadow["model_id"]) == ("large", "small")
    assert main["decision_id"] == shadow["decision_id"] == "decision-1"
    assert (shadow["shadow_id"], shadow["parameters"]) == ("s-1", {"n": 1})
    assert shadow["input"] == main["input"]
    assert shadow["output"] == "echo hello"
    body, headers, at = model.requests[1]
    assert "x-team" in headers
    assert at >= model.requests[0][2]
    assert returned - at < 1
    assert body["model"] == "small"


def test_a_shadow_of_a_stream_waits_until_it_has_been_read(
    prepared: Provider, server: FakeServer, model: FakeModel
) -> None:
    server.decide = lambda task: wish("small")
    stream = ask_large(prepared, stream=True)
    next(stream)
    time.sleep(0.05)
    assert len(model.requests) == 1
    for _ in stream:
        pass

    wait_for(lambda: len(model.requests) == 2)
    assert "stream" not in model.bodies[1]


def test_a_shadow_that_fails_is_only_recorded(prepared: Provider, server: FakeServer) -> None:
    server.decide = lambda task: wish("x-[500]")

    assert ask_large(prepared).choices[0].message.content == "echo hello"
    wait_for(lambda: fm.flush(1) and len(server.acknowledged) == 2)
    assert sorted(str(entry["success"]) for entry in server.acknowledged) == ["False", "True"]


def test_that_a_shadow_returned_says_nothing_of_its_answer(
    prepared: Provider, server: FakeServer
) -> None:
    """Else every alternative would be proven as good as what was served."""
    server.decide = lambda task: wish("small")
    ask_large(prepared)

    wait_for(lambda: fm.flush(1) and len(server.acknowledged) == 2)
    main, shadow = sorted(server.acknowledged, key=lambda entry: "shadow_id" in entry)
    assert (main["success"], shadow["success"]) == (True, None)


def test_a_shadow_recorded_by_hand_is_no_success_of_its_own_unless_it_says_so(
    server: FakeServer,
) -> None:
    fm.init(server.url, "k")
    for success in (None, True):
        with fm.interaction(task_type="t", model_id="small", input="q") as call:
            call.decision, call.shadow_id, call.success = "decision-1", "s-1", success

    assert fm.flush(5)
    assert [entry["success"] for entry in server.acknowledged] == [None, True]


def test_the_loop_goes_on_while_it_is_asked(
    async_prepared: AsyncProvider, server: FakeServer, model: FakeModel
) -> None:
    def decide(task: dict[str, Any]) -> dict[str, Any]:
        time.sleep(0.2)
        return {"cached_output": "cached words"}

    server.decide = decide

    async def main() -> tuple[Any, int]:
        task, ticks = asyncio.create_task(ask_large(async_prepared)), 0
        while not task.done():
            await asyncio.sleep(0.01)
            ticks += 1
        return await task, ticks

    answer, ticks = asyncio.run(main())
    assert answer.choices[0].message.content == "cached words"
    assert ticks >= 5
    assert model.requests == []


def test_shadows_of_an_async_client_run_in_its_loop(
    async_prepared: AsyncProvider, server: FakeServer, model: FakeModel
) -> None:
    server.decide = lambda task: wish("small")

    async def main() -> int:
        await ask_large(async_prepared)
        before = len(model.requests)
        await asyncio.sleep(0.05)
        return before

    assert asyncio.run(main()) == 1
    assert fm.flush(5)
    assert len(server.acknowledged) == 2


def test_a_shadow_that_cannot_be_started_costs_the_caller_nothing(
    prepared: Provider, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    server.decide = lambda task: wish("small")
    fm.prepare({"model_id": "large", "input": "x"})
    with monkeypatch.context() as broken:
        broken.setattr("featurememory_client.wrapping.shadows.threading.Thread.start", refuse)
        answer = ask_large(prepared)

    assert answer.choices[0].message.content == "echo hello"
    assert runtime.get_process().shadows == set()


def test_what_follows_an_answer_may_fail_without_the_caller_noticing(
    prepared: Provider, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise LookupError("a bug")

    monkeypatch.setattr("featurememory_client.wrapping.served_requests.run_in_thread", fail)
    server.decide = lambda task: wish("small")

    assert ask_large(prepared).choices[0].message.content == "echo hello"
    assert list(ask_large(prepared, stream=True))
    assert "a bug" in fm.stats()["last_error"]
