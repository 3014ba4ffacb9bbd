"""Langfuse's attributes, as its SDKs from version 3 on send them.

https://langfuse.com/integrations/native/opentelemetry#property-mapping
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import msgspec

from integration.dialects.answers import read_answer
from integration.dialects.calls import ToldCall
from integration.dialects.json_values import Json, list_in, number_in, object_in, open_json
from integration.dialects.messages import read_messages
from integration.dialects.otlp.span import Span
from integration.dialects.spans.dialect import SpanKind
from integration.dialects.spans.name_sets import Wanted
from integration.dialects.spans.taken import Taken
from integration.dialects.usage import Tokens, parts_added, read_usage

AREAS = frozenset({"langfuse", "session.id", "user.id"})
SEEN = "langfuse.observation."
TYPE, MODEL = SEEN + "type", SEEN + "model.name"
MODELS = {"generation", "embedding"}
METADATA = "langfuse.trace.metadata.langfuse_"
WANTED = Wanted(
    model=MODEL,
    given=SEEN + "input",
    answered=SEEN + "output",
    level=SEEN + "level",
    message=SEEN + "status_message",
    usage=SEEN + "usage_details",
    cost=SEEN + "cost_details",
    session=("langfuse.session.id", "session.id", METADATA + "session_id"),
    task_type=SEEN + "prompt.name",
    parameters=SEEN + "model.parameters",
    user=("langfuse.user.id", "user.id", METADATA + "user_id"),
    env="langfuse.environment",
    release="langfuse.release",
    version="langfuse.version",
    trace="langfuse.trace.name",
    tags="langfuse.trace.tags",
    metadata=(SEEN + "metadata", "langfuse.trace.metadata"),
    # Understood, and no part of an interaction.
    rest=(TYPE, SEEN + "completion_start_time", SEEN + "prompt.version"),
)
PLAIN = {"input", "output", "total"}
NO_LIMIT = ("Infinity", "inf")  # `max_tokens` of calls that set none, as the SDK writes it
TAGS = ("user", "env", "release", "version", "trace", "tags")


def kind_of(span: Span) -> SpanKind | None:
    """SDKs up to 3.3 call a generation a span: what names a model is one."""
    kind = span.attributes.get(TYPE)
    if kind is None:
        return SpanKind.MODEL if span.attributes.get(MODEL) else None
    if kind == "span" and span.attributes.get(MODEL):
        return SpanKind.MODEL
    return SpanKind.MODEL if str(kind).lower() in MODELS else SpanKind.CONTEXT


def read(span: Span, taken: Taken, call: ToldCall) -> None:
    """Session and user have names that others set too."""
    if "langfuse" not in taken.known.areas:
        call.fill(session=taken.take("session.id"))
        call.fill_tags({"user": taken.take("user.id")})
        return
    found = taken.take_all(WANTED)
    taken.take_under("langfuse.internal.")
    message = found.get("message")
    failed = True if found.get("level") == "ERROR" else None
    call.fill(
        model=found.get("model"),
        input=read_input(found.get("given")),
        output=read_answer(found.get("answered")),
        usage=read_usage_details(object_in(found.get("usage"))).as_usage(),
        cost=read_cost_details(object_in(found.get("cost"))),
        session=found.get("session"),
        task_type=found.get("task_type"),
        failed=failed,
        error={"message": message} if failed and message else None,
    )
    call.fill_parameters(
        {n: v for n, v in object_in(found.get("parameters")).items() if v not in NO_LIMIT}
    )
    _read_tags(taken, found, call)


def _read_tags(taken: Taken, found: dict[str, Json], call: ToldCall) -> None:
    tags = {name: found[name] for name in TAGS if name in found}
    if "tags" in tags:
        tags["tags"] = list_in(tags["tags"])
    tags |= object_in(found.get("metadata"))
    for prefix in (SEEN + "metadata.", "langfuse.trace.metadata."):
        tags |= _unquoted(taken.take_under(prefix))
    call.fill_tags(tags)


def _unquoted(values: Mapping[str, Json]) -> dict[str, Json]:
    """The SDKs write each value as JSON, texts too."""
    return {name: _unquote(value) for name, value in values.items()}


def _unquote(value: Json) -> Json:
    if isinstance(value, str) and value[:1] == value[-1:] == '"' and len(value) > 1:
        with suppress(msgspec.DecodeError):
            return msgspec.json.decode(value, type=str)
    return value


def read_input(value: Json) -> Json:
    """Messages where it holds some, with the tools on offer; anything else as it was given."""
    found = open_json(value)
    if isinstance(found, dict) and (messages := read_messages(found.get("messages"))):
        return {**found, "messages": messages}
    messages = read_messages(found)
    return found if messages is None else messages


def read_usage_details(raw: Mapping[str, Any]) -> Tokens:
    """Either a provider's usage object, or Langfuse's own buckets, which do not overlap."""
    if any(isinstance(value, dict) for value in raw.values()) or "prompt_tokens" in raw:
        return read_usage({name: open_json(value) for name, value in raw.items()})
    counts = {name: n for name, value in raw.items() if (n := number_in(value)) is not None}
    if counts.keys() <= PLAIN:  # nothing that could overlap
        return Tokens(counts.get("input"), counts.get("output"))
    total = counts.pop("total", counts.pop("total_tokens", None))
    whole = counts.get("input", counts.get("input_tokens"))
    answer = counts.get("output", counts.get("output_tokens"))
    tokens = Tokens(
        whole,
        answer,
        _bucket(counts, "cache", ("read", "cached")),
        _bucket(counts, "cache", ("creation", "write")),
        _bucket(counts, "reasoning", ("",)),
        _bucket(counts, "cache", ("1h",)),
    )
    if total is not None and total == (whole or 0) + (answer or 0):
        return tokens
    return _sum_buckets(tokens, counts)


def _bucket(counts: Mapping[str, float], about: str, words: tuple[str, ...]) -> float | None:
    found = [
        count
        for name, count in counts.items()
        if about in name.lower() and any(word in name.lower() for word in words)
    ]
    return sum(found) if found else None


def _sum_buckets(tokens: Tokens, counts: Mapping[str, float]) -> Tokens:
    """All buckets named for the input are the input, likewise for the output."""
    tokens = parts_added(tokens)
    known = {"input", "input_tokens", "output", "output_tokens"}
    for name, count in counts.items():
        if name in known or "cache" in name.lower():
            continue
        if "output" in name.lower():
            tokens.output = (tokens.output or 0) + count
        elif "input" in name.lower():
            tokens.input = (tokens.input or 0) + count
    return tokens


def read_cost_details(raw: Mapping[str, Any]) -> float | None:
    """The total, else the sum of what there is."""
    total = number_in(raw.get("total"))
    parts = [n for value in raw.values() if (n := number_in(value)) is not None]
    return total if total is not None else sum(parts) if parts else None
