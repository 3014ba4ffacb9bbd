"""The shape of an interaction on the wire, and how one item becomes a row.

Input, output, parameters, tags and error stay the bytes that were sent: they are checked to be
JSON, stored, and returned unchanged.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from django.conf import settings
from msgspec import UNSET, Meta, Raw, Struct, UnsetType
from uuid_utils import uuid7

from featurememory.errors import ErrorCode, FeatureMemoryError, invalid
from featurememory.http.json_body import decode_json, has_digits
from patterns.storage.payloads import pack_payload

# A database text holds no NUL (PostgreSQL refuses it), so neither does a column of ours.
Name = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
Optional = Annotated[str, Meta(max_length=200, pattern=r"^[^\x00]*$")]
Identifier = Annotated[str, Meta(min_length=1, max_length=128, pattern=r"^[^\x00]*$")]
# 1e15 ms are 31,000 years: sums of such numbers stay finite.
Quantity = Annotated[float, Meta(ge=0, le=1e15)]
Share = Annotated[float, Meta(ge=0, le=1)]
DEPTH = 200
LATEST_MS = 253_402_300_799_999  # 9999-12-31T23:59:59.999Z


class ResourceUsage(Struct):
    memory_usage: Quantity | None = None
    token_count: Quantity | None = None
    processing_time: Quantity | None = None


class Metadata(Struct):
    timestamp: str | int | float
    duration: Quantity
    resource_usage: ResourceUsage | None = None


class Usage(Struct):
    input_tokens: Quantity | None = None
    output_tokens: Quantity | None = None
    cached_input_tokens: Quantity | None = None
    cost: Quantity | None = None


class Interaction(Struct):
    model_id: Name
    input: Raw
    metadata: Metadata
    id: Identifier | None = None
    task_type: Optional | None = None
    output: Raw | UnsetType = UNSET
    parameters: dict[str, Raw] | None = None
    usage: Usage | None = None
    success: bool | None = None
    score: Share | None = None
    error: Raw | UnsetType = UNSET
    session_id: Optional | None = None
    decision_id: Identifier | None = None
    tags: dict[str, Raw] | None = None


@dataclass(slots=True)
class Arrival:
    """One accepted interaction, ready to be stored: column values and the packed payload."""

    id: str
    columns: tuple[Any, ...]
    payload: bytes


# The order of `Arrival.columns`, after project and id.
COLUMNS = (
    "model_id",
    "task_type",
    "session_id",
    "decision_id",
    "timestamp",
    "received_at",
    "duration",
    "memory_usage",
    "token_count",
    "processing_time",
    "input_tokens",
    "output_tokens",
    "cached_input_tokens",
    "cost",
    "success",
    "score",
)

CAMEL = {
    "modelId": "model_id",
    "taskType": "task_type",
    "sessionId": "session_id",
    "decisionId": "decision_id",
    "resourceUsage": "resource_usage",
    "memoryUsage": "memory_usage",
    "tokenCount": "token_count",
    "processingTime": "processing_time",
    "inputTokens": "input_tokens",
    "outputTokens": "output_tokens",
    "cachedInputTokens": "cached_input_tokens",
}
SPELLED_CAMEL = re.compile(rb'"(?:' + "|".join(CAMEL).encode() + rb')"\s*:')
UNREADABLE = 4301  # digits: Python reads no integer of so many
NO_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")


def parse_interaction(raw: bytes) -> Interaction:
    """One item's JSON as an Interaction (400, 413 or 422 as FeatureMemoryError)."""
    if len(raw) > settings.BODY_LIMIT:
        raise FeatureMemoryError(
            f"One interaction may have {settings.BODY_LIMIT:,} bytes; this has more.",
            ErrorCode.TOO_LARGE,
        )
    refuse_deep_nesting(raw)
    if SPELLED_CAMEL.search(raw):
        raw = to_snake_case(raw)
    item = decode_json(raw, Interaction, large_integers=True)  # its own numbers are floats
    if has_digits(raw, UNREADABLE):
        refuse_unreadable_numbers(raw)
    return item


def refuse_unreadable_numbers(raw: bytes) -> None:
    """Raise 422 for a number in input or output that nobody could read again."""
    try:
        msgspec.json.decode(raw)
    except ValueError:
        try:
            json.loads(raw)
        except ValueError as error:
            raise invalid("a number has more than 4,300 digits; send it as text") from error


def refuse_deep_nesting(raw: bytes) -> None:
    """Raise 400 for JSON nested deeper than `DEPTH`, before anything recurses over it. Linear time."""
    if raw.count(b"[") + raw.count(b"{") <= DEPTH:
        return
    depth = 0
    for bracket in extract_brackets(raw):
        depth += 1 if bracket in b"[{" else -1
        if depth > DEPTH:
            raise FeatureMemoryError(
                f"The JSON is nested more than {DEPTH} levels deep.", ErrorCode.MALFORMED_BODY
            )


def extract_brackets(raw: bytes) -> bytes:
    """The brackets of a JSON text that stand outside its strings, in order.

    Without a regular expression: one over quoted strings took 42 s for 80 kB of `"\\"\\"…`, since
    each quote began a string that never ended.
    """
    unescaped = raw.replace(b"\\\\", b"").replace(b'\\"', b"")
    return b"".join(unescaped.split(b'"')[::2]).translate(None, NO_BRACKETS)


def to_snake_case(raw: bytes) -> bytes:
    """Rename the camelCase members to snake_case; values, and names inside them, stay as they are."""

    def renamed(part: Raw | bytes) -> dict[str, Raw]:
        return {
            CAMEL.get(k, k): v for k, v in msgspec.json.decode(part, type=dict[str, Raw]).items()
        }

    try:
        item = renamed(raw)
        if "usage" in item:
            item["usage"] = Raw(msgspec.json.encode(renamed(item["usage"])))
        if "metadata" in item:
            metadata = renamed(item["metadata"])
            if "resource_usage" in metadata:
                inner = renamed(metadata["resource_usage"])
                metadata["resource_usage"] = Raw(msgspec.json.encode(inner))
            item["metadata"] = Raw(msgspec.json.encode(metadata))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return raw  # the decoder reports what is wrong, and where
    return msgspec.json.encode(item)


def to_epoch_ms(value: str | float) -> int:
    """RFC 3339 text or epoch milliseconds as integer milliseconds; 422 outside 1970 to 9999."""
    pointer = "/metadata/timestamp"
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            value = moment.timestamp() * 1000
        except (ValueError, OverflowError) as error:
            raise invalid("is no RFC 3339 time, like 2026-11-22T10:00:00Z", pointer) from error
    if not 0 <= value <= LATEST_MS:
        raise invalid("must lie between the years 1970 and 9999", pointer)
    return round(value)


def build_arrival(item: Interaction) -> Arrival:
    """Column values and packed payload of an interaction just received. 422 for a bad timestamp."""
    resources = item.metadata.resource_usage or ResourceUsage()
    usage = item.usage or Usage()
    columns = (
        item.model_id,
        item.task_type or "",
        item.session_id,
        item.decision_id,
        to_epoch_ms(item.metadata.timestamp),
        time.time_ns() // 1_000_000,
        item.metadata.duration,
        resources.memory_usage,
        resources.token_count,
        resources.processing_time,
        usage.input_tokens,
        usage.output_tokens,
        usage.cached_input_tokens,
        usage.cost,
        item.success,
        item.score,
    )
    return Arrival(item.id or str(uuid7()), columns, pack_payload(collect_content(item)))


def collect_content(item: Interaction) -> dict[str, Any]:
    """The members that go into the payload; absent and null ones are left out."""
    content: dict[str, Any] = {"input": item.input}
    for name in ("output", "error"):
        value = getattr(item, name)
        if value is not UNSET and bytes(value) != b"null":
            content[name] = value
    for name in ("parameters", "tags"):
        if getattr(item, name) is not None:
            content[name] = getattr(item, name)
    return content
