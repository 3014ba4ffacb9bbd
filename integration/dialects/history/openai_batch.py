"""OpenAI's batches: lines of the input file and of the output and error files, in any order."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any

import msgspec

from featurememory.errors import ErrorCode, FeatureMemoryError, handle_feature_memory_error, invalid
from integration.dialects.answers import read_answer
from integration.dialects.calls import ToldCall, interaction_of
from integration.dialects.history.rows import Imported, Row, Rows, first_of
from integration.dialects.json_values import Json, object_in, text_in
from integration.dialects.messages import read_messages, with_system, with_tools
from integration.dialects.times import moment_in
from integration.dialects.usage import read_usage

# Lines that wait for their other half, compressed. OpenAI's own limit is 200 MB a batch.
MOST_WAITING = 256 << 20
ASKED = ("model", "messages", "input", "prompt", "instructions", "tools", "metadata", "user")


def read(rows: Rows) -> Iterator[Imported]:
    """A call for each request with its result. A batch runs within a day: a result that tells no time
    (of embeddings, or an error) happened about when the one before it did."""
    halves, at = _Halves(), None
    for number, row in enumerate(rows, 1):
        if isinstance(row, FeatureMemoryError):
            yield number, row
            continue
        try:
            pair = halves.match(number, row)
            call = None if pair is None else read_pair(*pair, at)
            found = None if call is None else interaction_of(call)
        except Exception as error:
            yield number, handle_feature_memory_error(error)
        else:
            if call is not None and found is not None:
                at = call.started_ms
                yield number, found
    for number in halves.results_left():
        yield number, invalid("its request is in none of the files", "/custom_id")


class _Halves:
    """Requests and results by `custom_id`, until both are there."""

    def __init__(self) -> None:
        self.waiting: dict[tuple[str, bool], tuple[int, bytes]] = {}
        self.size = 0

    def match(self, number: int, row: Row) -> tuple[Row, Row] | None:
        """Request and result, when this row completes them."""
        name, is_result = text_in(row.get("custom_id")), "response" in row or "error" in row
        if name is None:
            raise invalid("is required", "/custom_id", "required")
        other = self.waiting.pop((name, not is_result), None)
        if other is None:
            self._hold((name, is_result), number, row)
            return None
        self.size -= len(other[1])
        found = msgspec.json.decode(zlib.decompress(other[1]), type=dict[str, Any])
        return (found, row) if is_result else (row, found)

    def _hold(self, key: tuple[str, bool], number: int, row: Row) -> None:
        packed = zlib.compress(msgspec.json.encode(row), 1)
        self.size += len(packed) - len(self.waiting.get(key, (0, b""))[1])
        if self.size > MOST_WAITING:
            raise FeatureMemoryError(
                "Too many lines wait for their other half: import one batch at a time.",
                ErrorCode.TOO_LARGE,
            )
        self.waiting[key] = number, packed

    def results_left(self) -> list[int]:
        return sorted(number for (_, is_result), (number, _) in self.waiting.items() if is_result)


def read_pair(request: Row, result: Row, at: float | str | None) -> ToldCall:
    """A batch tells no durations: they stay unknown."""
    asked, response = object_in(request.get("body")), object_in(result.get("response"))
    answered = object_in(response.get("body"))
    status = response.get("status_code")
    failed = bool(result.get("error")) or not isinstance(status, int) or status >= 400
    started = moment_in(first_of(answered, "created", "created_at"))
    if started is None and at is None:
        raise invalid("neither the result nor one before it tells a time")
    own_id = text_in(first_of(result, "id") or response.get("request_id"), 100)
    call = ToldCall(
        id=f"openai-batch-{own_id or request['custom_id']}",
        started_ms=at if started is None else started,
        model=text_in(asked.get("model")),
        served_by=text_in(answered.get("model")),
        input=_input(asked),
        output=None if failed else read_answer(answered),
        usage=read_usage(answered.get("usage")).as_usage(),
        failed=failed,
        error=_error(result, answered, status) if failed else {},
        tags={"provider": "openai", "batch": True},
    )
    call.fill_parameters({k: v for k, v in asked.items() if k not in ASKED})
    return call


def _input(asked: Row) -> Json:
    given = first_of(asked, "messages", "input", "prompt")
    messages = read_messages(given)
    if messages is None and isinstance(given, str) and asked.get("instructions"):
        messages = [{"role": "user", "content": given}]
    if messages is None:
        return given  # type: ignore[no-any-return]
    return with_tools(with_system(asked.get("instructions"), messages), asked.get("tools"))


def _error(result: Row, answered: Row, status: Json) -> dict[str, Json]:
    told = object_in(result.get("error")) or object_in(answered.get("error"))
    found = {"code": told.get("code") or status, "message": told.get("message")}
    return {name: value for name, value in found.items() if value}
