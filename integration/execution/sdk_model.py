"""A client of the OpenAI SDK as a model: also of Azure, Groq, vLLM and whatever else it speaks to."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from integration.execution.chat import ChunkReader, describe_request, read_completion
from integration.execution.reply import Reply
from optimizations.engine.domain.task import Task


class SdkModel:
    """Asks `client.chat.completions.create`; async clients and streams too.

    A client that `featurememory_client.wrap` has made is asked past its recording: the orchestrator
    records the call itself, with its decision. `name` is the provider's name of the model, when it
    is registered under another.

    >>> registry.register("gpt-5-mini", SdkModel(OpenAI()))
    """

    def __init__(self, client: Any, name: str = "", *, stream: bool = False) -> None:
        self.client = getattr(client, "feature_memory_original", client)
        self.name, self.stream = name, stream

    def __call__(self, task: Task) -> Any:
        options = describe_request(task, self.name, self.stream)
        answered = self.client.chat.completions.create(**options)
        if inspect.isawaitable(answered):
            return self._read_async(answered)
        return read_pieces(answered) if self.stream else read_completion(to_dict(answered))

    async def _read_async(self, answering: Any) -> Any:
        answered = await answering
        return read_pieces_async(answered) if self.stream else read_completion(to_dict(answered))


def read_pieces(chunks: Any) -> Iterator[str | Reply]:
    reader = ChunkReader()
    for chunk in chunks:
        if text := reader.read(to_dict(chunk)):
            yield text
    yield reader.end()


async def read_pieces_async(chunks: Any) -> AsyncIterator[str | Reply]:
    reader = ChunkReader()
    async for chunk in chunks:
        if text := reader.read(to_dict(chunk)):
            yield text
    yield reader.end()


def to_dict(answer: Any) -> Mapping[str, Any]:
    """SDKs answer with models of pydantic."""
    found = answer.model_dump() if hasattr(answer, "model_dump") else answer
    return found if isinstance(found, Mapping) else {}
