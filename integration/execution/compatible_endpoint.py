"""An OpenAI-compatible URL as a model: vLLM, Ollama, llama.cpp, a gateway."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import msgspec

from featurememory.errors import invalid
from integration.execution.chat import ChunkReader, describe_request, read_completion
from integration.execution.reply import Reply
from optimizations.engine.domain.task import Task

DATA, DONE = "data:", "[DONE]"


class CompatibleEndpoint:
    """`POST {url}/chat/completions`, for plain and async tasks (extra `endpoint`).

    `name` is the model's name there, when it is registered under another. `timeout` in seconds
    bounds each wait for bytes; the whole call is bounded by `ExecutionRules.timeout_s`.
    `transport` is for tests: an `httpx.BaseTransport` instead of the network.

    >>> registry.register("small", CompatibleEndpoint("http://127.0.0.1:11434/v1", name="qwen3:4b"))
    """

    def __init__(
        self,
        url: str,
        key: str = "",
        name: str = "",
        *,
        stream: bool = False,
        asynchronous: bool = False,
        timeout: float = 60.0,
        transport: Any = None,
    ) -> None:
        httpx = import_httpx()
        self.url, self.name, self.stream = f"{url.rstrip('/')}/chat/completions", name, stream
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        make = httpx.AsyncClient if asynchronous else httpx.Client
        self._client = make(headers=headers, timeout=timeout, transport=transport)
        self._asynchronous = asynchronous

    def __call__(self, task: Task) -> Any:
        body = describe_request(task, self.name, self.stream)
        if self._asynchronous:
            return self._stream_async(body) if self.stream else self._ask_async(body)
        return self._stream(body) if self.stream else self._ask(body)

    def _ask(self, body: dict[str, Any]) -> Reply:
        return read_answer_body(self._client.post(self.url, json=body))

    async def _ask_async(self, body: dict[str, Any]) -> Reply:
        return read_answer_body(await self._client.post(self.url, json=body))

    def _stream(self, body: dict[str, Any]) -> Iterator[str | Reply]:
        with self._client.stream("POST", self.url, json=body) as response:
            if response.is_error:
                response.read()
            response.raise_for_status()
            reader = ChunkReader()
            for line in response.iter_lines():
                if text := reader.read(read_line(line)):
                    yield text
            yield reader.end()

    async def _stream_async(self, body: dict[str, Any]) -> AsyncIterator[str | Reply]:
        async with self._client.stream("POST", self.url, json=body) as response:
            if response.is_error:
                await response.aread()
            response.raise_for_status()
            reader = ChunkReader()
            async for line in response.aiter_lines():
                if text := reader.read(read_line(line)):
                    yield text
            yield reader.end()


def import_httpx() -> Any:
    try:
        import httpx
    except ImportError:
        raise invalid("A URL as a model needs one more package: pip install httpx") from None
    return httpx


def read_answer_body(response: Any) -> Reply:
    """Raises for any status but success, and for what is no completion."""
    response.raise_for_status()
    answer = msgspec.json.decode(response.content, type=dict[str, Any])
    if "choices" not in answer:
        raise ValueError(f"no completion came: {str(answer)[:200]}")
    return read_completion(answer)


def read_line(line: str) -> dict[str, Any]:
    """The chunk in a line of server-sent events; empty for other lines."""
    text = line.removeprefix(DATA).strip()
    if not line.startswith(DATA) or text == DONE:
        return {}
    return msgspec.json.decode(text, type=dict[str, Any])
