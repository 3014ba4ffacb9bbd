"""Generators that stand before another one: they pass everything through and watch it.

What the inner one sets as the current call stays its own: between two of its steps the caller's
code runs, in the same context.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from types import TracebackType
from typing import Any

from featurememory_client.capturing.open_streams import OpenStream
from featurememory_client.capturing.recording_calls import end_call
from featurememory_client.recording.call import Call, enter_call, find_open_call, leave_call

Begin = Callable[[tuple[Any, ...], dict[str, Any]], Call]


class Within:
    """The context of a generator's body: entered with each of its steps."""

    def __init__(self) -> None:
        self._current = find_open_call()

    def __enter__(self) -> None:
        self._token = enter_call(self._current)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._current = find_open_call()
        leave_call(self._token)


def relay_generator(call: Call, inner: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
    """As `yield from inner` (PEP 380), recorded when it ends, fails, or is closed."""
    stream, within = OpenStream(call), Within()
    step: Any = inner.send
    value: Any = None
    while True:
        try:
            with within:
                item = step(value)
        except StopIteration as stop:
            stream.end()
            return stop.value
        except BaseException as error:
            stream.end(error)
            raise
        stream.add(item)
        try:
            value, step = (yield item), inner.send
        except GeneratorExit:
            stream.close()
            with within:
                inner.close()
            raise
        except BaseException as error:
            value, step = error, inner.throw


def relay_async_generators(
    function: Callable[..., AsyncGenerator[Any, Any]], begin: Begin
) -> Callable[..., AsyncGenerator[Any, Any]]:
    """The same for an async generator function: itself one, since there is no `yield from`.

    It may be closed by another task than it ran in, as the event loop does with what was dropped.
    """

    async def wrapper(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        call, inner = begin(args, kwargs), function(*args, **kwargs)
        stream, within = OpenStream(call), Within()
        step: Any = inner.asend
        value: Any = None
        while True:
            try:
                with within:
                    item = await step(value)
            except StopAsyncIteration:
                stream.end()
                return
            except BaseException as error:
                stream.end(error)
                raise
            stream.add(item)
            try:
                value, step = (yield item), inner.asend
            except GeneratorExit:
                stream.close()
                with within:
                    await inner.aclose()
                raise
            except BaseException as error:
                value, step = error, inner.athrow

    return wrapper


async def relay_coroutine(call: Call, inner: Coroutine[Any, Any, Any]) -> Any:
    try:
        result = await inner
    except BaseException as error:
        end_call(call, error)
        raise
    call.output = result
    end_call(call)
    return result
