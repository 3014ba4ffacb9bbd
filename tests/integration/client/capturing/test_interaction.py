"""`with interaction(...)`, and the context it leaves for what happens inside."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import featurememory_client as fm
import pytest

from tests.integration.client.calls import recorded
from tests.integration.client.fake_server import FakeServer


def begin(text: str, **more: Any) -> fm.Interaction:
    return fm.interaction(task_type="t", model_id="m", input=text, **more)


def test_everything_that_is_set_arrives(server: FakeServer) -> None:
    with begin(
        "q", session_id="s-1", parameters={"temperature": 0.2}, tags={"env": "prod"}
    ) as call:
        call.output = {"text": "a"}
        call.usage = {"input_tokens": 7, "output_tokens": 3, "cost": 0.001}
        call.success, call.score, call.decision = True, 0.9, SimpleNamespace(decision_id="d-1")

    entry = recorded(server)
    expected = {
        "id": call.id,
        "model_id": "m",
        "task_type": "t",
        "input": "q",
        "output": {"text": "a"},
        "parameters": {"temperature": 0.2},
        "usage": {"input_tokens": 7, "output_tokens": 3, "cost": 0.001},
        "success": True,
        "score": 0.9,
        "session_id": "s-1",
        "decision_id": "d-1",
        "tags": {"env": "prod"},
    }
    assert {name: entry[name] for name in expected} == expected
    assert set(entry) == {*expected, "metadata"}


def test_what_cannot_be_used_is_left_out_and_the_rest_arrives(server: FakeServer) -> None:
    with begin("q") as call:
        call.output, call.usage, call.score = "a", {"input_tokens": "many", "cost": -1}, 7
        call.success, call.decision, call.tags = "yes", 5, "none"

    entry = recorded(server)
    assert entry["output"] == "a"
    assert (entry["score"], entry["success"]) == (None, None)
    assert not {"usage", "decision_id", "tags"} & set(entry)


def test_the_input_is_what_it_was_when_the_call_began(server: FakeServer) -> None:
    messages = [{"role": "user", "content": "first"}]
    with fm.interaction(task_type="t", model_id="m", input=messages) as call:
        messages[0]["content"] = "changed"
        messages.append({"role": "assistant", "content": "later"})
        call.output = "a"

    assert recorded(server)["input"] == [{"role": "user", "content": "first"}]


def test_a_block_that_ends_well_succeeded_and_one_that_says_otherwise_did_not(
    server: FakeServer,
) -> None:
    with begin("good") as call:
        call.output = "a"
    with begin("bad") as call:
        call.success = False

    assert fm.flush()
    assert [server.one(text)["success"] for text in ("good", "bad")] == [True, False]


@pytest.mark.parametrize("error", [ValueError("v"), KeyboardInterrupt(), SystemExit(4)])
def test_an_exception_passes_and_only_a_failure_is_one(
    server: FakeServer, error: BaseException
) -> None:
    def fail() -> None:
        with begin("q") as call:
            call.output = "half"
            raise error

    with pytest.raises(type(error)) as caught:
        fail()

    assert caught.value is error
    entry = recorded(server)
    assert entry["success"] is (False if isinstance(error, Exception) else None)
    assert (entry["output"], entry["error"]["type"]) == ("half", type(error).__name__)


def test_a_key_quoted_by_an_error_is_hidden(server: FakeServer) -> None:
    with pytest.raises(ValueError), begin("q"):
        raise ValueError("Incorrect API key provided: sk-proj-1234567890abc")

    assert recorded(server)["error"]["message"] == "Incorrect API key provided: [hidden]"


def test_what_happens_inside_belongs_to_the_session(server: FakeServer) -> None:
    inner = fm.remember(task_type="t", model_id="m")(lambda q: q)
    with begin("outer", session_id="s-1"):
        inner("inner")
        with begin("own", session_id="s-2"):
            inner("deeper")
    inner("after")

    assert fm.flush()
    sessions = {entry["input"]: entry.get("session_id") for entry in server.acknowledged}
    expected = {"outer": "s-1", "inner": "s-1", "own": "s-2", "deeper": "s-2", "after": None}
    assert sessions == expected


def test_sessions_of_tasks_and_threads_do_not_mix(server: FakeServer) -> None:
    async def converse(name: str) -> None:
        async with begin(f"{name}-outer", session_id=name):
            await asyncio.sleep(0.01)
            async with begin(f"{name}-inner") as call:
                await asyncio.sleep(0.01)
                call.output = name

    def talk(name: str) -> None:
        with begin(f"{name}-outer", session_id=name), begin(f"{name}-inner") as call:
            call.output = name

    async def all_of_them() -> None:
        await asyncio.gather(*(converse(f"task{n}") for n in range(20)))

    asyncio.run(all_of_them())
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(talk, [f"thread{n}" for n in range(20)]))

    assert fm.flush(5)
    assert len(server.acknowledged) == 80
    assert all(e["session_id"] == e["input"].partition("-")[0] for e in server.acknowledged)


def test_a_context_carried_into_a_thread_carries_the_session(server: FakeServer) -> None:
    def inside() -> None:
        with begin("carried"):
            pass

    with begin("outer", session_id="s-1"), ThreadPoolExecutor(1) as pool:
        pool.submit(contextvars.copy_context().run, inside).result()

    assert fm.flush()
    assert server.one("carried")["session_id"] == "s-1"


def test_a_generator_keeps_its_session_to_itself(server: FakeServer) -> None:
    @fm.remember(task_type="t", model_id="m")
    def stream(name: str) -> Iterator[str]:
        with begin(f"{name}-block", session_id=name):
            for number in range(2):
                with begin(f"{name}-{number}"):
                    yield name

    for _ in zip(stream("one"), stream("two"), strict=True):
        with begin("between"):
            pass

    assert fm.flush()
    between = [entry for entry in server.acknowledged if entry["input"] == "between"]
    assert [entry.get("session_id") for entry in between] == [None, None]
    assert server.one("one-0")["session_id"] == "one"
    assert server.one("two-1")["session_id"] == "two"


def test_a_session_opened_in_an_async_generator_ends_with_it(server: FakeServer) -> None:
    async def stream() -> AsyncIterator[int]:
        with begin("block", session_id="s-1"):
            yield 1
            yield 2

    async def leave_early() -> None:
        generator = stream()
        await generator.__anext__()
        await asyncio.create_task(generator.aclose())  # in a context of its own
        with begin("after"):
            pass

    asyncio.run(leave_early())
    assert fm.flush()
    assert "session_id" not in server.one("after")


def test_the_clock_runs_from_the_begin_of_the_block(server: FakeServer) -> None:
    call = begin("q")
    with call:
        pass

    assert 0 <= recorded(server)["metadata"]["duration"] < 1000
    assert recorded(server)["metadata"]["timestamp"] > 1_700_000_000_000
