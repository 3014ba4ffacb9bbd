"""What a model gives back, and how many pieces of it become one."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, TypeAlias

import msgspec

# Called with each piece of an answer as it comes.
Show: TypeAlias = Callable[[Any], None]


class Reply(msgspec.Struct, frozen=True):
    """What a model may return instead of its bare output. Cost in the project's currency, memory in
    bytes, `score` 0 to 1; None is unknown, never zero. `success` left out lets the end decide: true
    for the answer that was served, unknown for a shadow's."""

    output: Any
    input_tokens: float | None = None
    output_tokens: float | None = None
    cached_input_tokens: float | None = None
    cost: float | None = None
    memory_usage: float | None = None
    success: bool | msgspec.UnsetType | None = msgspec.UNSET
    score: float | None = None
    cache_write_tokens: float | None = None
    extended_cache_write_tokens: float | None = None
    reasoning_tokens: float | None = None


def to_reply(given: Any) -> Reply:
    return given if isinstance(given, Reply) else Reply(given)


class Pieces:
    """A streamed answer as it grows: texts are joined, other pieces become a list.

    A model may end its stream with a `Reply` that has the usage and no output.
    """

    def __init__(self, show: Show | None) -> None:
        self.parts: list[Any] = []
        self.last: Reply | None = None
        self._show = show

    def add(self, piece: Any) -> None:
        if isinstance(piece, Reply):
            self.last = piece
            return
        self.parts.append(piece)
        if self._show is not None:
            self._show(piece)

    def join(self) -> Reply:
        texts = all(isinstance(part, str) for part in self.parts)
        output = "".join(self.parts) if texts else self.parts
        if self.last is None:
            return Reply(output)
        whole = output if self.last.output is None else self.last.output
        return msgspec.structs.replace(self.last, output=whole)


def collect(given: Any, show: Show | None = None) -> Reply:
    """The whole answer, also of a model that streams it."""
    if not isinstance(given, Iterator):
        return to_reply(given)
    pieces = Pieces(show)
    for piece in given:
        pieces.add(piece)
    return pieces.join()


async def collect_async(given: Any, show: Show | None = None) -> Reply:
    if inspect.isawaitable(given):
        given = await given
    if not isinstance(given, AsyncIterator):
        return collect(given, show)
    pieces = Pieces(show)
    async for piece in given:
        pieces.add(piece)
    return pieces.join()


def refuse_coroutine(given: Any, model_id: str) -> None:
    """TypeError for what only an event loop can run. A coroutine is closed, so that Python does not
    warn of one that never ran."""
    if inspect.isawaitable(given) or isinstance(given, AsyncIterator):
        if inspect.iscoroutine(given):
            given.close()
        raise TypeError(f"{model_id!r} is a coroutine: use handle_task_async")
