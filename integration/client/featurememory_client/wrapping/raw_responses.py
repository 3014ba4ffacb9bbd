"""`with_raw_response` and `with_streaming_response`: recorded when they are parsed or closed."""

from __future__ import annotations

import inspect
import json
from functools import lru_cache
from typing import Any

from featurememory_client import runtime
from featurememory_client.wrapping.dialects.dialect import Answered
from featurememory_client.wrapping.model_calls import ModelCall
from featurememory_client.wrapping.stand_ins import attach, name_after
from featurememory_client.wrapping.streams import is_stream, watch_stream


class RawRecord:
    def __init__(self, made: ModelCall) -> None:
        self._made: ModelCall | None = made
        runtime.get_process().open_calls.add(self)

    def read_parsed(self, parsed: Any) -> None:
        """The answer, or the stream that it will be read from."""
        made, self._made = self._made, None
        if made is None:
            return
        if is_stream(parsed):
            watch_stream(parsed, made)
        else:
            made.answer(lambda: made.dialect.read_answer(parsed))

    def read_content(self, http_response: Any) -> None:
        """The same from the bytes, if they have been read."""
        content = find_content(http_response)
        if content is not None:
            self.read_parsed(content)

    def close(self, http_response: Any = None) -> None:
        self.read_content(http_response)
        made, self._made = self._made, None
        if made is not None:
            made.answer(Answered, broke_off=True)

    def __del__(self) -> None:
        self.close()


@lru_cache(maxsize=64)
def make_raw_class(base: Any) -> type:
    class Recorded(base):  # type: ignore[misc]
        feature_memory_record: RawRecord

        def parse(self, *args: Any, **kwargs: Any) -> Any:
            parsed = super().parse(*args, **kwargs)
            self.feature_memory_record.read_parsed(parsed)
            return parsed

        def close(self) -> Any:
            self.feature_memory_record.close(self.http_response)
            return super().close()

    return name_after(base, Recorded)


@lru_cache(maxsize=64)
def make_async_raw_class(base: Any) -> type:
    class Recorded(base):  # type: ignore[misc]
        feature_memory_record: RawRecord

        async def parse(self, *args: Any, **kwargs: Any) -> Any:
            parsed = await super().parse(*args, **kwargs)
            self.feature_memory_record.read_parsed(parsed)
            return parsed

        async def close(self) -> Any:
            self.feature_memory_record.close(self.http_response)
            return await super().close()

    return name_after(base, Recorded)


def watch_raw(result: Any, made: ModelCall) -> None:
    record = RawRecord(made)
    record.read_content(result.http_response)
    is_async = inspect.iscoroutinefunction(type(result).parse)
    attach(result, make_async_raw_class if is_async else make_raw_class, record)


def find_content(http_response: Any) -> Any:
    """The JSON of a response whose body was read; None for a stream, or what is none."""
    try:
        found = json.loads(http_response.content)
    except Exception:
        return None
    return found if isinstance(found, dict) else None
