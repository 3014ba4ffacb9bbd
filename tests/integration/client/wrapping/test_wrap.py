"""`wrap`: the same client, each of its calls recorded once."""

from __future__ import annotations

import asyncio
from typing import Any

import featurememory_client as fm
import pytest

from tests.integration.client.calls import recorded
from tests.integration.client.fake_model import RECORDED_USAGE, FakeModel
from tests.integration.client.fake_server import FakeServer
from tests.integration.client.stand_in_sdk import (
    APIStatusError,
    AsyncProvider,
    Provider,
)
from tests.integration.client.wrapping.calls import ask


def test_an_answer_is_recorded(client: Provider, server: FakeServer) -> None:
    answer = ask(client, "hello", temperature=0.2, user="u-1", metadata={"session_id": "s-1"})

    assert answer.choices[0].message.content == "echo hello"
    entry = recorded(server)
    assert entry["input"] == {"messages": [{"role": "user", "content": "hello"}]}
    assert (entry["output"], entry["usage"]) == ("echo hello", RECORDED_USAGE)
    assert (entry["model_id"], entry["task_type"]) == ("gpt-5-mini", "support.reply")
    assert (entry["parameters"], entry["session_id"]) == ({"temperature": 0.2}, "s-1")
    assert entry["tags"] == {"user": "u-1", "response_model": "gpt-5-mini-2025"}
    assert entry["success"] is True


def test_the_model_is_asked_as_by_the_bare_client(
    client: Provider, bare: Provider, model: FakeModel
) -> None:
    for one in (bare, client):
        ask(one, "hello", temperature=0.2, extra_body={"top_k": 3})

    assert model.requests[0][:2] == model.requests[1][:2]


def test_the_client_that_was_given_stays_as_it_was(
    client: Provider, bare: Provider, server: FakeServer
) -> None:
    ask(bare, "hello")

    assert fm.flush()
    assert server.acknowledged == []
    assert type(bare) is Provider


def test_it_is_of_the_same_class_and_shows_itself_so(client: Provider) -> None:
    assert isinstance(client, Provider)
    assert isinstance(client.with_options(max_retries=2), Provider)
    assert (type(client).__name__, type(client).__module__) == ("Provider", Provider.__module__)


def test_wrapped_twice_it_records_once(client: Provider, server: FakeServer) -> None:
    assert fm.wrap(client) is client
    ask(fm.wrap(fm.wrap(client, task_type="other"), task_type="another"), "hello")

    assert recorded(server)["task_type"] == "another"


def test_other_objects_come_back_as_they_are() -> None:
    thing = object()

    assert fm.wrap(thing) is thing


def test_what_is_made_with_options_is_recorded_once_whatever_is_retried(
    client: Provider, server: FakeServer, model: FakeModel
) -> None:
    ask(client.with_options(max_retries=2), "hello [once]")

    assert len(model.requests) == 2
    assert recorded(server)["success"] is True


def test_other_endpoints_pass(client: Provider, server: FakeServer) -> None:
    with pytest.raises(KeyError):  # the fake model has none of that name
        client.files.create(model="m", input="x")

    assert fm.flush()
    assert server.acknowledged == []


@pytest.mark.parametrize("status", [400, 429, 500])
def test_an_error_is_the_callers_and_is_recorded(
    client: Provider, bare: Provider, server: FakeServer, status: int
) -> None:
    errors = []
    for one in (bare, client):
        with pytest.raises(APIStatusError) as caught:
            ask(one, f"hello [{status}]")
        errors.append((type(caught.value), str(caught.value)))

    assert errors[0] == errors[1]
    entry = recorded(server)
    assert (entry["success"], entry["error"]["type"]) == (False, "APIStatusError")


def test_tools_are_part_of_question_and_answer(client: Provider, server: FakeServer) -> None:
    tools = [{"type": "function", "function": {"name": "find_order"}}]
    ask(client, "hello [tool]", tools=tools)

    entry = recorded(server)
    assert entry["input"]["tools"] == tools
    assert entry["output"]["tool_calls"][0]["function"]["name"] == "find_order"


def test_keys_in_headers_and_bodies_are_not_recorded(client: Provider, server: FakeServer) -> None:
    secret = {"x-call-token": "sk-secret"}
    ask(client, "hello", extra_headers=secret, extra_body={"api_key": "sk-secret"})

    assert fm.flush()
    assert "sk-secret" not in str(server.acknowledged)


def test_what_is_said_later_is_not_in_the_input(client: Provider, server: FakeServer) -> None:
    messages = [{"role": "user", "content": "hello"}]
    client.completions.create(model="m", messages=messages)
    messages.append({"role": "user", "content": "later"})

    assert len(recorded(server)["input"]["messages"]) == 1


def test_embeddings_are_recorded_without_their_vectors(
    client: Provider, server: FakeServer
) -> None:
    client.embeddings.create(model="embed", input=["hello"])

    entry = recorded(server)
    assert (entry["input"], entry["usage"]) == (["hello"], {"input_tokens": 8})
    assert entry["output"] == {"vectors": 1, "dimensions": 3}


def test_responses_are_recorded_as_messages(client: Provider, server: FakeServer) -> None:
    client.responses.create(model="m", instructions="Be brief.", input="hello")

    entry = recorded(server)
    roles = [message["role"] for message in entry["input"]["messages"]]
    assert (roles, entry["output"]) == (["system", "user"], "echo hello")
    assert entry["usage"] == RECORDED_USAGE


def test_messages_are_recorded_with_their_system_prompt(
    client: Provider, server: FakeServer
) -> None:
    said = [{"role": "user", "content": "hello"}]
    client.messages.create(model="claude", max_tokens=9, system="Be brief.", messages=said)

    entry = recorded(server)
    assert entry["input"]["messages"][0] == {"role": "system", "content": "Be brief."}
    assert (entry["output"], entry["parameters"]) == ("echo hello", {"max_tokens": 9})
    assert entry["usage"]["input_tokens"] == 150


def test_a_raw_response_is_recorded_once(client: Provider, server: FakeServer) -> None:
    raw = client.completions.with_raw_response.create(
        model="m", messages=[{"role": "user", "content": "hello"}]
    )
    assert raw.parse().choices[0].message.content == "echo hello"
    raw.parse()

    assert recorded(server)["output"] == "echo hello"


def test_wrapped_before_init_it_records_after_it(bare: Provider, server: FakeServer) -> None:
    client = fm.wrap(bare)
    ask(client, "before")
    fm.init(server.url, "k")
    ask(client, "after")

    assert recorded(server)["input"]["messages"][0]["content"] == "after"


def test_async_calls_are_recorded_each_with_its_own(
    async_client: AsyncProvider, server: FakeServer
) -> None:
    async def ask_all() -> list[Any]:
        return await asyncio.gather(*(ask(async_client, f"hello {n}.") for n in range(20)))

    asyncio.run(ask_all())
    assert fm.flush(5)
    outputs = {server.one(f"hello {n}.")["output"] for n in range(20)}
    assert outputs == {f"echo hello {n}." for n in range(20)}


def test_an_async_error_is_the_callers_and_is_recorded(
    async_client: AsyncProvider, server: FakeServer
) -> None:
    with pytest.raises(APIStatusError):
        asyncio.run(ask(async_client, "hello [429]"))

    assert recorded(server)["success"] is False
