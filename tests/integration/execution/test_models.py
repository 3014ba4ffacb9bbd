"""Clients of SDKs and URLs as models: whole and streamed, plain and async, recorded once."""

from __future__ import annotations

import json
from importlib import import_module
from typing import Any

import httpx
import pytest
from asgiref.sync import async_to_sync

from integration.execution.chat import describe_request
from integration.execution.compatible_endpoint import CompatibleEndpoint
from integration.execution.reply import Reply, collect, collect_async
from integration.execution.sdk_model import SdkModel
from optimizations.engine.domain.task import Task
from tests.integration.client.fake_model import FakeModel

# As Any: its own annotations ask for a transport of the library it brings along.
openai: Any = import_module("openai")
TASK = Task(model_id="small", input="hello", parameters={"temperature": 0.2})
URL = "http://model/v1"


@pytest.fixture
def model() -> FakeModel:
    return FakeModel()


def sdk(model: FakeModel, **more: Any) -> SdkModel:
    client = httpx.Client(transport=httpx.MockTransport(model.answer))
    return SdkModel(
        openai.OpenAI(api_key="k", base_url=URL, max_retries=0, http_client=client), **more
    )


def url(model: FakeModel, **more: Any) -> CompatibleEndpoint:
    return CompatibleEndpoint(URL, "k", transport=httpx.MockTransport(model.answer), **more)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("make", [sdk, url])
def test_a_model_answers_with_its_usage(model: FakeModel, make: Any, stream: bool) -> None:
    shown: list[Any] = []
    reply = collect(make(model, stream=stream)(TASK), shown.append)

    assert reply == Reply("echo hello", 100, 20, 40, reasoning_tokens=5)
    assert "".join(shown) == ("echo hello" if stream else "")
    assert model.bodies[0]["temperature"] == 0.2
    assert model.bodies[0]["messages"] == [{"role": "user", "content": "hello"}]


@pytest.mark.parametrize("stream", [False, True])
def test_an_async_client_answers_too(model: FakeModel, stream: bool) -> None:
    async def ask() -> tuple[Reply, Reply]:
        transport = httpx.MockTransport(model.answer)
        client = openai.AsyncOpenAI(
            api_key="k", base_url=URL, http_client=httpx.AsyncClient(transport=transport)
        )
        endpoint = CompatibleEndpoint(URL, stream=stream, asynchronous=True, transport=transport)
        first = await collect_async(SdkModel(client, stream=stream)(TASK))
        return first, await collect_async(endpoint(TASK))

    assert async_to_sync(ask)() == (Reply("echo hello", 100, 20, 40, reasoning_tokens=5),) * 2


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("make", [sdk, url])
def test_calls_of_tools_are_the_same_streamed_and_whole(
    model: FakeModel, make: Any, stream: bool
) -> None:
    task = Task(model_id="small", input="where is it? [tool]")
    output: Any = collect(make(model, stream=stream)(task)).output

    (call,) = output["tool_calls"]
    assert (call["id"], call["function"]["name"]) == ("call_1", "find_order")
    assert call["function"]["arguments"] == {"ticket": "T-77"}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("make", [sdk, url])
def test_a_refusal_is_raised_with_its_status(model: FakeModel, make: Any, stream: bool) -> None:
    with pytest.raises(Exception, match="429") as failure:
        collect(make(model, stream=stream)(Task(model_id="small", input="[429]")))

    assert failure.value.response.status_code == 429  # type: ignore[attr-defined]


def test_the_name_at_the_provider_may_differ(model: FakeModel) -> None:
    collect(sdk(model, name="gpt-5-mini")(TASK))
    collect(url(model, name="qwen3:4b")(TASK))

    assert [body["model"] for body in model.bodies] == ["gpt-5-mini", "qwen3:4b"]


MESSAGES = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]
TOOLS = [{"type": "function", "function": {"name": "find"}}]


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        (MESSAGES, {"messages": MESSAGES}),
        ({"messages": MESSAGES, "tools": TOOLS}, {"messages": MESSAGES, "tools": TOOLS}),
        ({"city": "Lyon"}, {"messages": [{"role": "user", "content": '{"city":"Lyon"}'}]}),
        ([], {"messages": [{"role": "user", "content": "[]"}]}),
    ],
)
def test_the_input_becomes_messages(given: Any, asked: dict[str, Any]) -> None:
    assert describe_request(Task(model_id="m", input=given)) == {"model": "m", **asked}


def test_what_is_no_completion_is_a_failure() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=json.dumps({"hello": "world"}))

    endpoint = CompatibleEndpoint(URL, transport=httpx.MockTransport(answer))
    with pytest.raises(ValueError, match="no completion came"):
        endpoint(TASK)
