"""What the SDK returned: an answer, a stream that is yet to be read, or a raw response."""

from __future__ import annotations

from typing import Any

from featurememory_client.runtime import report
from featurememory_client.wrapping.model_calls import ModelCall
from featurememory_client.wrapping.raw_responses import watch_raw
from featurememory_client.wrapping.streams import is_stream, watch_stream


def watch_result(result: Any, made: ModelCall) -> Any:
    """The same result; its call ends now, or once it has been read."""
    try:
        if is_stream(result):
            watch_stream(result, made)
        elif hasattr(result, "http_response") and hasattr(result, "parse"):
            watch_raw(result, made)
        else:
            made.answer(lambda: made.dialect.read_answer(result))
    except Exception as error:
        report(error)
    return result
