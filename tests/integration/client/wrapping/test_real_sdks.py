"""The same against the packages themselves."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

import featurememory_client as fm
import pytest

from tests.integration.client.fake_model import MAKERS, RECORDED_USAGE, last_text
from tests.integration.client.fake_server import FakeServer, wait_for

openai: Any = import_module("openai")
anthropic: Any = import_module("anthropic")


def transport_of(sdk: Any) -> tuple[Any, Any]:
    """(its HTTP library, a transport of it that answers like the provider)."""
    http = sys.modules[sdk.DefaultHttpxClient.__mro__[1].__module__.partition(".")[0]]

    def answer(request: Any) -> Any:
        body = json.loads(request.content)
        make = MAKERS[request.url.path.rsplit("/", 1)[-1]]
        whole, events = make(f"{body['model']}-2025", f"echo {last_text(body)}", body)
        if not body.get("stream"):
            return http.Response(200, json=whole)
        lines = [
            (f"event: {e['type']}\n" if isinstance(e, dict) and "type" in e else "")
            + f"data: {e if isinstance(e, str) else json.dumps(e)}\n\n"
            for e in events
        ]
        kind = {"content-type": "text/event-stream"}
        return http.Response(200, headers=kind, content="".join(lines).encode())

    return http, http.MockTransport(answer)


def make(sdk: Any, name: str) -> Any:
    http, transport = transport_of(sdk)
    kind = "AsyncClient" if name.startswith("Async") else "Client"
    return getattr(sdk, name)(
        api_key="k", max_retries=0, http_client=getattr(http, kind)(transport=transport)
    )


SAID = [{"role": "user", "content": "hello"}]


def read(stream: Any) -> Any:
    with stream as events:
        return list(events)


SCENES: dict[str, Callable[[Any], Any]] = {
    "create": lambda c: c.chat.completions.create(model="m", messages=SAID),
    "stream": lambda c: read(c.chat.completions.create(model="m", messages=SAID, stream=True)),
    "helper": lambda c: read(c.chat.completions.stream(model="m", messages=SAID)),
    "raw": lambda c: c.chat.completions.with_raw_response.create(model="m", messages=SAID).parse(),
    "responses": lambda c: c.responses.create(model="m", input="hello"),
    "responses stream": lambda c: read(c.responses.create(model="m", input="hello", stream=True)),
}


@pytest.mark.parametrize("name", SCENES)
def test_openai(server: FakeServer, name: str) -> None:
    fm.init(server.url, "k")
    client = fm.wrap(make(openai, "OpenAI"))
    assert isinstance(client, openai.OpenAI)
    SCENES[name](client)

    assert fm.flush(5)
    entry = server.one()
    assert (entry["output"], entry["success"]) == ("echo hello", True)
    assert entry.get("usage") == (None if name in ("stream", "helper") else RECORDED_USAGE)


def test_async_openai(server: FakeServer) -> None:
    fm.init(server.url, "k")
    client = fm.wrap(make(openai, "AsyncOpenAI"))

    async def read_stream() -> None:
        async for _ in await client.chat.completions.create(model="m", messages=SAID, stream=True):
            pass

    asyncio.run(read_stream())
    assert fm.flush(5)
    assert server.one()["output"] == "echo hello"


def test_anthropic(server: FakeServer) -> None:
    fm.init(server.url, "k")
    client = fm.wrap(make(anthropic, "Anthropic"))
    client.messages.create(model="m", max_tokens=9, messages=SAID)
    with client.messages.stream(model="m", max_tokens=9, messages=SAID) as stream:
        assert "".join(stream.text_stream) == "echo hello"

    assert fm.flush(5)
    assert [entry["output"] for entry in server.acknowledged] == ["echo hello"] * 2
    assert {entry["usage"]["input_tokens"] for entry in server.acknowledged} == {150}


@pytest.mark.parametrize("stream", [False, True])
def test_a_cached_output_is_served_by_openai(server: FakeServer, stream: bool) -> None:
    fm.init(server.url, "k", timeout=5)
    server.decide = lambda task: {"cached_output": "cached words"}
    client = fm.wrap(make(openai, "OpenAI"), prepare=True)
    answer = client.chat.completions.create(model="m", messages=SAID, stream=stream)
    if stream:
        text = "".join(chunk.choices[0].delta.content or "" for chunk in answer)
    else:
        text = answer.choices[0].message.content

    assert text == "cached words"
    assert fm.flush(5)
    assert server.one()["tags"]["served"] == "cache"


@pytest.mark.parametrize("name", ["Anthropic", "AsyncAnthropic"])
def test_a_cached_output_is_served_by_anthropic(server: FakeServer, name: str) -> None:
    fm.init(server.url, "k", timeout=5)
    server.decide = lambda task: {"cached_output": "cached words"}
    client = fm.wrap(make(anthropic, name), prepare=True)
    answer = client.messages.create(model="m", max_tokens=9, messages=SAID)
    if name.startswith("Async"):
        answer = asyncio.run(answer)

    assert answer.content[0].text == "cached words"
    assert fm.flush(5)
    assert server.one()["tags"]["served"] == "cache"


def test_a_decision_of_a_shadow_and_another_model_is_followed_by_anthropic(
    server: FakeServer,
) -> None:
    fm.init(server.url, "k", timeout=5)
    shadow = {"shadow_id": "s-1", "model_id": "x", "parameters": {"max_tokens": 9}}
    server.decide = lambda task: {
        "task": {**task, "model_id": "small"},
        "changed": ["model_id"],
        "shadows": [shadow],
    }
    client = fm.wrap(make(anthropic, "Anthropic"), prepare=True)

    assert client.messages.create(model="m", max_tokens=9, messages=SAID).model == "small-2025"
    wait_for(lambda: fm.flush(1) and len(server.acknowledged) == 2)
    found = {e["model_id"]: (e["output"], e.get("shadow_id")) for e in server.acknowledged}
    assert found == {"small": ("echo hello", None), "x": ("echo hello", "s-1")}


def test_the_helpers_put_a_cached_output_together_as_any_other(server: FakeServer) -> None:
    fm.init(server.url, "k", timeout=5)
    server.decide = lambda task: {"cached_output": "cached words"}
    client = fm.wrap(make(openai, "OpenAI"), prepare=True)
    other = fm.wrap(make(anthropic, "Anthropic"), prepare=True)

    with client.responses.stream(model="m", input="hello") as events:
        for _ in events:
            pass
        assert events.get_final_response().output_text == "cached words"
    with other.messages.stream(model="m", max_tokens=9, messages=SAID) as stream:
        assert stream.get_final_text() == "cached words"


CALLS: list[Any] = [
    {"type": "tool_use", "id": "t", "name": "find_order", "input": {"ticket": "T-77"}},
    {"type": "function_call", "id": "f", "call_id": "c", "name": "f", "arguments": '{"a": 1}'},
]


def test_the_helpers_put_a_cached_call_together_as_any_other(server: FakeServer) -> None:
    fm.init(server.url, "k", timeout=5)
    client = fm.wrap(make(openai, "OpenAI"), prepare=True)
    other = fm.wrap(make(anthropic, "Anthropic"), prepare=True)

    server.decide = lambda task: {"cached_output": [CALLS[0]]}
    with other.messages.stream(model="m", max_tokens=9, messages=SAID) as stream:
        assert stream.get_final_message().content[0].input == {"ticket": "T-77"}
    server.decide = lambda task: {"cached_output": [CALLS[1]]}
    with client.responses.stream(model="m", input="hello") as events:
        for _ in events:
            pass
        assert events.get_final_response().output[0].arguments == '{"a": 1}'
