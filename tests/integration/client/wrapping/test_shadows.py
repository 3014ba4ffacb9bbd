"""Shadows: run after the answer, beside it, and never instead of it."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import featurememory_client as fm
import pytest

from tests.integration.client.fake_model import FakeModel
from tests.integration.client.fake_server import FakeServer, wait_for
from tests.integration.client.stand_in_sdk import AsyncProvider, Provider


@pytest.fixture
def client(server: FakeServer, bare: Provider) -> Provider:
    fm.init(server.url, "k", timeout=5)
    return fm.wrap(bare, prepare=True, task_type="t", models=["large", "small"])


@pytest.fixture
def async_client(server: FakeServer, async_bare: AsyncProvider) -> AsyncProvider:
    fm.init(server.url, "k", timeout=5)
    return fm.wrap(async_bare, prepare=True, task_type="t")


def ask(client: Any, text: str = "hello", **more: Any) -> Any:
    messages = [{"role": "user", "content": text}]
    return client.completions.create(model="large", messages=messages, **more)


def wish(model_id: str) -> dict[str, Any]:
    return {"shadows": [{"shadow_id": "s-1", "model_id": model_id, "parameters": {"n": 1}}]}


def test_a_shadow_runs_after_the_answer_and_is_recorded_beside_it(
    client: Provider, server: FakeServer, model: FakeModel
) -> None:
    server.decide = lambda task: wish("small")
    ask(client, temperature=0.2, extra_headers={"x-team": "a"})
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
    client: Provider, server: FakeServer, model: FakeModel
) -> None:
    server.decide = lambda task: wish("small")
    stream = ask(client, stream=True)
    next(stream)
    time.sleep(0.05)
    assert len(model.requests) == 1
    for _ in stream:
        pass

    wait_for(lambda: len(model.requests) == 2)
    assert "stream" not in model.bodies[1]


def test_a_shadow_that_fails_is_only_recorded(client: Provider, server: FakeServer) -> None:
    server.decide = lambda task: wish("x-[500]")

    assert ask(client).choices[0].message.content == "echo hello"
    wait_for(lambda: fm.flush(1) and len(server.acknowledged) == 2)
    assert sorted(str(entry["success"]) for entry in server.acknowledged) == ["False", "True"]


def test_the_loop_goes_on_while_it_is_asked(
    async_client: AsyncProvider, server: FakeServer, model: FakeModel
) -> None:
    def decide(task: dict[str, Any]) -> dict[str, Any]:
        time.sleep(0.2)
        return {"cached_output": "cached words"}

    server.decide = decide

    async def main() -> tuple[Any, int]:
        task, ticks = asyncio.create_task(ask(async_client)), 0
        while not task.done():
            await asyncio.sleep(0.01)
            ticks += 1
        return await task, ticks

    answer, ticks = asyncio.run(main())
    assert answer.choices[0].message.content == "cached words"
    assert ticks >= 5
    assert model.requests == []


def test_shadows_of_an_async_client_run_in_its_loop(
    async_client: AsyncProvider, server: FakeServer, model: FakeModel
) -> None:
    server.decide = lambda task: wish("small")

    async def main() -> int:
        await ask(async_client)
        before = len(model.requests)
        await asyncio.sleep(0.05)
        return before

    assert asyncio.run(main()) == 1
    assert fm.flush(5)
    assert len(server.acknowledged) == 2
