"""The shape of an interaction on the wire, and how one item becomes a row.

Input, output, parameters, tags and error stay the bytes that were sent: they are checked to be
JSON, stored, and returned unchanged.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from django.conf import settings
from msgspec import UNSET, Meta, Raw, Struct, UnsetType
from uuid_utils import uuid7

from featurememory.errors import ErrorCode, FeatureMemoryError, invalid
from featurememory.http.finite_numbers import require_finite, require_finite_integers
from featurememory.http.json_body import decode_json
from patterns.ingest.member_names import Contract, name_ignored, sort_members
from patterns.models.interactions import LATEST_MS
from patterns.storage.payloads import pack_payload

# A database text holds no NUL (PostgreSQL refuses it), so neither does a column of ours.
Name = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
Optional = Annotated[str, Meta(max_length=200, pattern=r"^[^\x00]*$")]
Identifier = Annotated[str, Meta(min_length=1, max_length=128, pattern=r"^[^\x00]*$")]
# 1e15 ms are 31,000 years: sums of such numbers stay finite.
Quantity = Annotated[float, Meta(ge=0, le=1e15)]
Share = Annotated[float, Meta(ge=0, le=1)]
DEPTH = 200
# Numbers of ten digits are seconds of the years 2001 to 2286; as milliseconds they were January 1970.
SECONDS = (1e9, 1e10)


class ResourceUsage(Struct, forbid_unknown_fields=True):
    memory_usage: Quantity | None = None
    token_count: Quantity | None = None
    processing_time: Quantity | None = None


class Metadata(Struct, forbid_unknown_fields=True):
    timestamp: str | int | float
    # None means unknown. Callers of the API have to say it (`parse_interaction`); logs may not know.
    duration: Quantity | None = None
    resource_usage: ResourceUsage | None = None


class Usage(Struct, forbid_unknown_fields=True):
    input_tokens: Quantity | None = None
    output_tokens: Quantity | None = None
    # Subsets: of the input the first two, of the output the third.
    cached_input_tokens: Quantity | None = None
    cache_write_tokens: Quantity | None = None
    reasoning_tokens: Quantity | None = None
    extended_cache_write_tokens: Quantity | None = None  # of the cache writes
    cost: Quantity | None = None


class Interaction(Struct, forbid_unknown_fields=True):
    model_id: Name
    input: Raw
    metadata: Annotated[Metadata, Meta(extra_json_schema={"required": ["timestamp", "duration"]})]
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
    # The answer of an alternative that `prepare` wished for beside the one that was served.
    shadow_id: Identifier | None = None
    tags: dict[str, Raw] | None = None
    # Unknown members are kept here, those of `usage` and `metadata` under these names.
    extra: dict[str, Raw] | None = None


@dataclass(slots=True)
class Arrival:
    """One accepted interaction, ready to be stored: column values and the packed payload. `ignored` are
    pointers to members that look like ours, but have no meaning where they stand."""

    id: str
    columns: tuple[Any, ...]
    payload: bytes
    ignored: tuple[str, ...] = ()
    shadow_id: str | None = None


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
    "cache_write_tokens",
    "reasoning_tokens",
    "extended_cache_write_tokens",
    "failed",
)

CONTRACT = Contract(
    item=Interaction.__struct_fields__,
    usage=Usage.__struct_fields__,
    metadata=Metadata.__struct_fields__,
    resource_usage=ResourceUsage.__struct_fields__,
)
NO_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")


def parse_interaction(raw: bytes, *, timed: bool = True, ours: bool = False) -> Interaction:
    """One item's JSON as an Interaction (400, 413 or 422 as FeatureMemoryError).

    `timed`: the duration must be given. History and logs may not know it. `ours`: this process wrote
    the JSON from values, so that no number but an integer can be beyond a float.
    """
    check_size(raw)
    refuse_deep_nesting(raw)
    found = parse_item(raw)
    (require_finite_integers if ours else require_finite)(raw)
    if timed and found.metadata.duration is None:
        raise invalid("is required", "/metadata/duration", "required")
    return found


def check_size(raw: bytes) -> None:
    if len(raw) > settings.BODY_LIMIT:
        raise FeatureMemoryError(
            f"One interaction may have {settings.BODY_LIMIT:,} bytes; this has {len(raw):,}.",
            ErrorCode.TOO_LARGE,
        )


def parse_item(raw: bytes) -> Interaction:
    try:
        found = msgspec.json.decode(raw, type=Interaction)
        raw.decode()  # parts that stay raw are checked for UTF-8 here
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # A name that the contract does not have, or an error: which one is told here.
        found = decode_json(sort_members(raw, CONTRACT), Interaction)
    return found


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


def to_epoch_ms(value: str | float) -> int:
    """RFC 3339 text, epoch milliseconds or (ten digits) seconds as integer milliseconds; 422 outside
    1970 to 9999."""
    pointer = "/metadata/timestamp"
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            value = moment.timestamp() * 1000
        except (ValueError, OverflowError) as error:
            raise invalid("is no RFC 3339 time, like 2026-11-22T10:00:00Z", pointer) from error
    elif SECONDS[0] <= value < SECONDS[1]:
        value *= 1000
    if not 0 <= value <= LATEST_MS:
        why = "must lie between the years 1970 and 9999; a number is epoch milliseconds"
        raise invalid(why, pointer)
    return round(value)


def build_arrival(item: Interaction) -> Arrival:
    """Column values and packed payload of an interaction just received. 422 for a bad timestamp."""
    ignored = name_ignored(item.extra, CONTRACT) if item.extra else ()
    columns = build_columns(item, has_failed(item))
    name, payload = item.id or str(uuid7()), pack_payload(collect_content(item))
    return Arrival(name, columns, payload, ignored, item.shadow_id)


def build_columns(item: Interaction, failed: bool) -> tuple[Any, ...]:
    resources = item.metadata.resource_usage or ResourceUsage()
    usage = item.usage or Usage()
    return (
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
        usage.cache_write_tokens,
        usage.reasoning_tokens,
        usage.extended_cache_write_tokens,
        failed,
    )


def has_failed(item: Interaction) -> bool:
    """Whether the caller reports a failure. Its duration and cost say nothing about the model."""
    is_error = item.error is not UNSET and bytes(item.error) != b"null"
    return is_error or item.success is False


def collect_content(item: Interaction) -> dict[str, Any]:
    """The members that go into the payload; absent and null ones are left out."""
    content: dict[str, Any] = {"input": item.input}
    for name in ("output", "error"):
        value = getattr(item, name)
        if value is not UNSET and bytes(value) != b"null":
            content[name] = value
    for name in ("parameters", "tags", "extra"):
        if getattr(item, name) is not None:
            content[name] = getattr(item, name)
    return content
