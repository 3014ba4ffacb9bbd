"""Streams of a wrapped client: recorded once, however they end."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from typing import Any

import featurememory_client as fm
import pytest

from tests.integration.client.calls import recorded
from tests.integration.client.fake_model import RECORDED_USAGE
from tests.integration.client.fake_server import FakeServer
from tests.integration.client.stand_in_sdk import (
    APIConnectionError,
    AsyncProvider,
    Provider,
    Stream,
)
from tests.integration.client.wrapping.calls import ask


def drain(stream: Any, most: int = 99) -> int:
    count = 0
    for _ in stream:
        count += 1
        if count == most:
            break
    return count


STREAMS: list[tuple[Callable[[Any], Any], str, Any]] = [
    (lambda c: ask(c, "hello", stream=True), "echo hello", None),
    (
        lambda c: ask(c, "hello", stream=True, stream_options={"include_usage": True}),
        "echo hello",
        RECORDED_USAGE,
    ),
    (lambda c: ask(c, "hello [tool]", stream=True), '{"ticket": "T-77"}', None),
    (
        lambda c: c.responses.create(model="m", input="hello", stream=True),
        "echo hello",
        RECORDED_USAGE,
    ),
    (
        lambda c: c.messages.create(
            model="m", messages=[{"role": "user", "content": "hello"}], stream=True
        ),
        "echo hello",
        {
            "input_tokens": 150,
            "output_tokens": 20,
            "cached_input_tokens": 40,
            "cache_write_tokens": 10,
        },
    ),
    (
        lambda c: c.messages.create(
            model="m", messages=[{"role": "user", "content": "[tool]"}], stream=True
        ),
        "{'ticket': 'T-77'}",
        {
            "input_tokens": 150,
            "output_tokens": 20,
            "cached_input_tokens": 40,
            "cache_write_tokens": 10,
        },
    ),
]


@pytest.mark.parametrize(("begin", "text", "usage"), STREAMS)
def test_a_stream_is_recorded_when_it_has_been_read(
    client: Provider, server: FakeServer, begin: Any, text: str, usage: Any
) -> None:
    stream = begin(client)
    assert isinstance(stream, Stream)
    assert fm.flush()
    assert server.acknowledged == []
    drain(stream)
    stream.close()

    entry = recorded(server)
    assert text in str(entry["output"])
    assert (entry.get("usage"), entry["success"]) == (usage, True)


def leave_open(stream: Any) -> None:
    drain(stream, 1)


def close(stream: Any) -> None:
    drain(stream, 1)
    stream.close()
    stream.close()


def close_below(stream: Any) -> None:
    """As the helpers of the SDKs do."""
    drain(stream, 1)
    stream.response.close()


def leave_with(stream: Any) -> None:
    with stream:
        next(stream)


@pytest.mark.parametrize("leave", [leave_open, close, close_below, leave_with])
def test_a_stream_left_early_is_recorded_once_and_not_as_failed(
    client: Provider, server: FakeServer, leave: Any
) -> None:
    leave(ask(client, "hello", stream=True))
    gc.collect(1)

    entry = recorded(server)
    assert (entry["output"], entry["success"]) == ("ech", None)
    assert "error" not in entry


def test_a_stream_that_breaks_is_recorded_with_what_came(
    client: Provider, server: FakeServer
) -> None:
    with pytest.raises(APIConnectionError):
        drain(ask(client, "hello [cut]", stream=True))

    entry = recorded(server)
    assert (entry["success"], entry["error"]["type"]) == (False, "APIConnectionError")
    assert entry["output"]


def test_a_stream_still_open_at_the_end_is_recorded(client: Provider, server: FakeServer) -> None:
    from featurememory_client import runtime

    stream = ask(client, "hello", stream=True)
    next(stream)
    runtime.close_all()

    assert server.one()["output"] == "ech"


def test_a_raw_stream_is_recorded_once_it_is_parsed_and_read(
    client: Provider, server: FakeServer
) -> None:
    raw = client.completions.with_raw_response.create(
        model="m", messages=[{"role": "user", "content": "hello"}], stream=True
    )
    assert drain(raw.parse()) == 4

    assert recorded(server)["output"] == "echo hello"


@pytest.mark.parametrize("most", [99, 1])
def test_an_async_stream_is_recorded_once(
    async_client: AsyncProvider, server: FakeServer, most: int
) -> None:
    async def read() -> None:
        stream = await ask(async_client, "hello", stream=True)
        count = 0
        async for _ in stream:
            count += 1
            if count == most:
                break
        await stream.close()

    asyncio.run(read())
    entry = recorded(server)
    assert entry["output"] == ("echo hello" if most == 99 else "ech")
    assert entry["success"] is (True if most == 99 else None)
