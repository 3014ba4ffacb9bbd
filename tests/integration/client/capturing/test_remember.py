"""`@remember`: every kind of function, recorded once, and no different for its caller."""

from __future__ import annotations

import asyncio
import functools
import gc
import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import featurememory_client as fm
import pytest

from tests.integration.client.calls import recorded
from tests.integration.client.fake_server import FakeServer

BOOM = LookupError("no luck")
THING = {"answer": "forty-two"}
remember = fm.remember(task_type="t", model_id="m")


def plain(question: Any, *, k: int = 1) -> Any:
    return THING


def fails(question: str) -> Any:
    raise BOOM


async def coro(question: str) -> Any:
    return THING


async def coro_fails(question: str) -> Any:
    raise BOOM


def generate(question: str) -> Iterator[Any]:
    for number in range(3):
        got = yield f"g{number}"
    return "end", got


def generate_fails(question: str) -> Iterator[str]:
    yield "g0"
    raise BOOM


async def agenerate(question: str) -> AsyncIterator[str]:
    for number in range(3):
        yield f"g{number}"


async def agenerate_fails(question: str) -> AsyncIterator[str]:
    yield "g0"
    raise BOOM


KINDS: list[Callable[..., Any]] = [
    plain, fails, coro, coro_fails, generate, generate_fails, agenerate, agenerate_fails,
]  # fmt: skip


@pytest.mark.parametrize("function", KINDS)
def test_a_remembered_function_is_of_the_same_kind(function: Callable[..., Any]) -> None:
    wrapped = remember(function)

    assert wrapped.__name__ == function.__name__
    assert inspect.signature(wrapped) == inspect.signature(function)
    for is_kind in (
        inspect.iscoroutinefunction,
        inspect.isgeneratorfunction,
        inspect.isasyncgenfunction,
    ):
        assert is_kind(wrapped) == is_kind(function)


def test_a_result_is_passed_and_recorded(server: FakeServer) -> None:
    assert remember(plain)("question", k=2) is THING

    entry = recorded(server)
    assert entry["input"] == {"question": "question", "k": 2}
    assert entry["output"] == THING
    assert (entry["task_type"], entry["model_id"], entry["success"]) == ("t", "m", True)
    assert entry["metadata"]["duration"] >= 0


def test_the_only_argument_is_the_input_itself(server: FakeServer) -> None:
    remember(generate)("a question").close()
    list(remember(generate)("a question"))

    assert recorded(server)["input"] == "a question"


def test_an_exception_is_passed_and_recorded(server: FakeServer) -> None:
    with pytest.raises(LookupError) as caught:
        remember(fails)("q")

    assert caught.value is BOOM
    entry = recorded(server)
    assert entry["success"] is False
    assert entry["error"] == {"type": "LookupError", "message": "no luck"}


def test_a_coroutine_is_recorded_when_it_ends(server: FakeServer) -> None:
    assert asyncio.run(remember(coro)("q")) is THING
    assert recorded(server)["output"] == THING


def test_a_coroutine_that_fails_is_recorded(server: FakeServer) -> None:
    with pytest.raises(LookupError):
        asyncio.run(remember(coro_fails)("q"))

    assert recorded(server)["success"] is False


def test_a_cancelled_coroutine_says_nothing_of_the_model(server: FakeServer) -> None:
    @remember
    async def slow(question: str) -> None:
        await asyncio.sleep(10)

    async def cancel() -> None:
        task = asyncio.create_task(slow("q"))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())
    entry = recorded(server)
    assert (entry["success"], entry["error"]["type"]) == (None, "CancelledError")


def test_a_generator_passes_what_is_sent_and_returned(server: FakeServer) -> None:
    generator = remember(generate)("q")
    seen = [next(generator), generator.send("a"), generator.send("b")]
    with pytest.raises(StopIteration) as stop:
        generator.send("c")

    assert (seen, stop.value.value) == (["g0", "g1", "g2"], ("end", "c"))
    assert recorded(server)["output"] == "g0g1g2"


def test_a_generator_passes_what_is_thrown_into_it(server: FakeServer) -> None:
    @remember
    def forgiving(question: str) -> Iterator[str]:
        try:
            yield "first"
        except KeyError:
            yield "forgiven"

    generator = forgiving("q")
    next(generator)

    assert generator.throw(KeyError("x")) == "forgiven"
    assert list(generator) == []
    assert recorded(server)["success"] is True


@pytest.mark.parametrize("how", ["close", "drop"])
def test_a_generator_left_early_is_recorded_once_and_not_as_failed(
    server: FakeServer, how: str
) -> None:
    generator = remember(generate)("q")
    next(generator)
    if how == "close":
        generator.close()
        generator.close()
    del generator
    gc.collect(1)

    entry = recorded(server)
    assert (entry["output"], entry["success"]) == ("g0", None)
    assert "error" not in entry


def test_a_generator_that_was_never_started_never_ran(server: FakeServer) -> None:
    remember(generate)("q").close()

    assert fm.flush()
    assert server.acknowledged == []


def test_a_generator_that_fails_is_recorded_with_what_it_yielded(server: FakeServer) -> None:
    with pytest.raises(LookupError):
        list(remember(generate_fails)("q"))

    entry = recorded(server)
    assert (entry["output"], entry["success"]) == ("g0", False)


def test_an_async_generator_is_recorded_at_its_end(server: FakeServer) -> None:
    async def read() -> list[str]:
        return [item async for item in remember(agenerate)("q")]

    assert asyncio.run(read()) == ["g0", "g1", "g2"]
    assert recorded(server)["output"] == "g0g1g2"


def test_an_async_generator_that_fails_is_recorded(server: FakeServer) -> None:
    async def read() -> None:
        async for _ in remember(agenerate_fails)("q"):
            pass

    with pytest.raises(LookupError):
        asyncio.run(read())
    assert recorded(server)["error"]["type"] == "LookupError"


def test_an_async_generator_may_be_closed_by_another_task(server: FakeServer) -> None:
    async def close_elsewhere() -> None:
        generator = remember(agenerate)("q")
        await generator.__anext__()
        await asyncio.create_task(generator.aclose())

    asyncio.run(close_elsewhere())
    entry = recorded(server)
    assert (entry["output"], entry["success"]) == ("g0", None)


def test_an_async_generator_dropped_in_a_loop_is_recorded(server: FakeServer) -> None:
    async def leave() -> None:
        async for _ in remember(agenerate)("q"):
            break

    asyncio.run(leave())
    assert recorded(server)["output"] == "g0"


@pytest.mark.parametrize("make", [lambda f: lambda q: f(q), functools.partial])
def test_a_generator_returned_by_a_function_is_recorded_once_it_is_read(
    server: FakeServer, make: Any
) -> None:
    assert list(remember(make(generate))("q")) == ["g0", "g1", "g2"]

    assert recorded(server)["output"] == "g0g1g2"


def test_a_coroutine_returned_by_a_function_is_recorded_once_it_ends(server: FakeServer) -> None:
    assert asyncio.run(remember(lambda q: coro(q))("q")) is THING
    assert recorded(server)["output"] == THING


def test_methods_of_every_kind_are_recorded_without_their_object(server: FakeServer) -> None:
    class Desk:
        @remember
        def method(self, question: str) -> str:
            return "m"

        @staticmethod
        @remember
        def static(question: str) -> str:
            return "s"

        @remember
        @classmethod
        def of_class(cls, question: str) -> str:
            return "c"

    assert (Desk().method("q1"), Desk.static("q2"), Desk.of_class("q3")) == ("m", "s", "c")
    assert fm.flush()
    assert [entry["input"] for entry in server.acknowledged] == ["q1", "q2", "q3"]


def test_a_function_that_calls_itself_is_recorded_at_each_depth(server: FakeServer) -> None:
    @remember
    def depth(number: int) -> int:
        return 0 if number == 0 else 1 + depth(number - 1)

    assert depth(3) == 3
    assert fm.flush()
    assert [entry["input"] for entry in server.acknowledged] == [0, 1, 2, 3]


def test_arguments_that_hold_keys_are_hidden(server: FakeServer) -> None:
    @remember
    def ask(question: str, api_key: str, headers: Any, **others: Any) -> str:
        return "ok"

    secret = "sk-secret"
    ask("q", secret, {"Authorization": secret}, options={"x-api-key": secret, "n": 1})

    entry = recorded(server)
    assert entry["input"]["question"] == "q"
    assert entry["input"]["options"] == {"x-api-key": "[hidden]", "n": 1}
    assert secret not in str(server.acknowledged)


def test_a_wrong_call_raises_what_it_always_raised() -> None:
    with pytest.raises(TypeError, match="unexpected keyword"):
        remember(plain)("q", unknown=1)
