"""What waits to be sent."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

from featurememory_client.recording.snapshot import LEFT_OUT, shorten_text

LONGEST_INTERACTION = 1_000_000  # bytes; the server takes 1 MiB
LEAST_TEXT = 64

_encoder = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


class Parcel:
    """An interaction or a word of feedback. Its JSON is made by the sender, not by the caller."""

    __slots__ = ("_body", "content", "is_feedback", "spool_file", "tries", "weight")

    def __init__(self, content: dict[str, Any], weight: int, is_feedback: bool = False) -> None:
        self.content: dict[str, Any] | None = content
        self.weight = weight
        self.is_feedback = is_feedback
        self.tries = 0
        self._body = b""

    def write(self, disguise: Callable[[dict[str, Any]], dict[str, Any]]) -> bytes:
        """The JSON, made once; what it was made of is let go."""
        if self.content is not None:
            self._body = encode_within_limit(disguise(self.content))
            self.content = None
        return self._body


class Mark:
    """Stands in the queue behind what somebody waits for; `spool_too` waits for that as well."""

    __slots__ = ("_done", "_dropped", "spool_too", "was_sent")

    def __init__(self, dropped: int, spool_too: bool) -> None:
        self.spool_too = spool_too
        self.was_sent = False
        self._dropped = dropped
        self._done = threading.Lock()
        self._done.acquire()

    def reach(self, dropped: int) -> None:
        """All before it is gone; `dropped` is the count of what was lost until now."""
        self.was_sent = dropped == self._dropped
        self._done.release()

    def wait(self, seconds: float) -> bool:
        """Whether it was reached within that time."""
        return self._done.acquire(timeout=max(0.0, seconds))


def encode(content: Any) -> bytes:
    """JSON that every server reads: finite numbers, whole characters."""
    try:
        return _encoder.encode(content).encode("utf-8")
    except (ValueError, OverflowError):  # NaN, a half of a surrogate pair
        return _encoder.encode(make_plain(content)).encode("utf-8")


def make_plain(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, float):
        return value if value - value == 0 else str(value)  # else NaN or infinite
    if isinstance(value, dict):
        return {make_plain(name): make_plain(inner) for name, inner in value.items()}
    return [make_plain(inner) for inner in value] if isinstance(value, list) else value


def encode_within_limit(content: dict[str, Any]) -> bytes:
    """With long texts cut in their middle until it fits; without its texts when nothing helps."""
    body, longest = encode(content), LONGEST_INTERACTION // 4
    while len(body) > LONGEST_INTERACTION and longest > LEAST_TEXT:
        body, longest = encode(shorten(content, longest)), longest // 4
    if len(body) <= LONGEST_INTERACTION:
        return body
    return encode({**content, "input": LEFT_OUT, "output": LEFT_OUT, "parameters": {}, "tags": {}})


def shorten(value: Any, longest: int) -> Any:
    """The same with no text longer than that, and no list that could not be read anyway."""
    if isinstance(value, str):
        return shorten_text(value, longest)
    if isinstance(value, dict):
        return {name: shorten(inner, longest) for name, inner in value.items()}
    if isinstance(value, list):
        return [shorten(inner, longest) for inner in value[:longest]]
    return value
