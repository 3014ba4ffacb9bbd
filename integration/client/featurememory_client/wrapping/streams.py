"""Streams of an SDK, recorded as they are read: once, on exhaustion, close, error, or when dropped.

The stream stays the SDK's own object; its class becomes a subclass that looks at what passes.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from featurememory_client import runtime
from featurememory_client.wrapping.model_calls import ModelCall
from featurememory_client.wrapping.stand_ins import attach, name_after


class StreamRecord:
    """Knows nothing of the stream it belongs to, so that both go when the caller lets go."""

    def __init__(self, made: ModelCall) -> None:
        self._made = made
        self._reader = made.dialect.make_reader()
        self._has_ended = False
        self._is_stepping = False
        runtime.get_process().open_calls.add(self)

    def begin_step(self) -> None:
        self._is_stepping = True

    def read(self, event: Any) -> None:
        self._is_stepping = False
        try:
            self._reader.read_event(event)
        except Exception as error:
            runtime.report(error)

    def end(self, error: BaseException) -> None:
        """It was read to its end, or failed."""
        self._is_stepping = False
        if isinstance(error, (StopIteration, StopAsyncIteration)):
            self._finish(broke_off=False)
        elif not self._has_ended:
            self._has_ended = True
            self._made.fail(error, self._reader.finish())

    def close(self) -> None:
        """It was closed by its reader. Not while a step runs: at its end the SDK closes it too."""
        if not self._is_stepping:
            self._finish(broke_off=True)

    def _finish(self, broke_off: bool) -> None:
        if not self._has_ended:
            self._has_ended = True
            self._made.answer(self._reader.finish, broke_off)

    def __del__(self) -> None:
        self._is_stepping = False
        self.close()


@lru_cache(maxsize=64)
def make_stream_class(base: Any) -> type:
    class Recorded(base):  # type: ignore[misc]
        feature_memory_record: StreamRecord

        def __iter__(self) -> Any:
            return self

        def __next__(self) -> Any:
            record = self.feature_memory_record
            record.begin_step()
            try:
                event = super().__next__()
            except BaseException as error:
                record.end(error)
                raise
            record.read(event)
            return event

        def close(self) -> Any:
            try:  # the first versions of the SDKs had no `close`
                return getattr(super(), "close", self.response.close)()
            finally:
                self.feature_memory_record.close()

    return name_after(base, Recorded)


@lru_cache(maxsize=64)
def make_async_stream_class(base: Any) -> type:
    class Recorded(base):  # type: ignore[misc]
        feature_memory_record: StreamRecord

        def __aiter__(self) -> Any:
            return self

        async def __anext__(self) -> Any:
            record = self.feature_memory_record
            record.begin_step()
            try:
                event = await super().__anext__()
            except BaseException as error:
                record.end(error)
                raise
            record.read(event)
            return event

        async def close(self) -> Any:
            try:
                return await getattr(super(), "close", self.response.aclose)()
            finally:
                self.feature_memory_record.close()

    return name_after(base, Recorded)


@lru_cache(maxsize=64)
def make_body_class(base: Any) -> type:
    """For the HTTP response below a stream: the helpers of the SDKs close it directly."""

    class Recorded(base):  # type: ignore[misc]
        feature_memory_record: StreamRecord

        def close(self) -> Any:
            try:
                return super().close()
            finally:
                self.feature_memory_record.close()

        async def aclose(self) -> Any:
            try:
                return await super().aclose()
            finally:
                self.feature_memory_record.close()

    return name_after(base, Recorded)


def is_stream(result: Any) -> bool:
    kind = type(result)
    return hasattr(result, "response") and (hasattr(kind, "__next__") or hasattr(kind, "__anext__"))


def watch_stream(stream: Any, made: ModelCall) -> None:
    record = StreamRecord(made)
    is_async = hasattr(type(stream), "__anext__")
    attach(stream, make_async_stream_class if is_async else make_stream_class, record)
    attach(stream.response, make_body_class, record)
