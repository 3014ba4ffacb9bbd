"""OpenTelemetry's conventions up to 1.36 with an event a message, and what grew around them:
the operation's details as one event, and events as text in an attribute `events` (Logfire).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from integration.dialects.answers import answer_of, read_answer
from integration.dialects.calls import ToldCall
from integration.dialects.json_values import Json, list_in, object_in, open_json
from integration.dialects.messages import read_messages
from integration.dialects.otlp.span import Span, SpanEvent
from integration.dialects.spans import genai
from integration.dialects.spans.dialect import SpanKind
from integration.dialects.spans.taken import Taken

AREAS = frozenset({"all_messages_events", "events"})
DETAILS = "gen_ai.client.inference.operation.details"
MESSAGE = re.compile(r"gen_ai\.(system|user|assistant|tool)\.message")
CHOICE = "gen_ai.choice"
BODY = ("gen_ai.event.content", "event_body", "event.body", "body")
# What an event carries besides the message itself.
AROUND = {"gen_ai.system", "gen_ai.provider.name", "event.name", "event_name", "index", *BODY}
AROUND |= {"gen_ai.message.index", "finish_reason", "id"}


def kind_of(span: Span) -> SpanKind | None:
    return None  # events say nothing that the span's attributes would not


def read(span: Span, taken: Taken, call: ToldCall) -> None:
    events = [(event.name, event.attributes) for event in span.events]
    events += _written_out(taken.take("events", "all_messages_events"))
    for name, attributes in events:
        if name == DETAILS:
            genai.read(span, Taken(attributes), call)
    call.fill(
        input=_said(events) or _whole(span.events, "gen_ai.content.prompt", "gen_ai.prompt"),
        output=_chosen(events) or _answer(span.events),
    )


def _written_out(value: Json) -> list[tuple[str, dict[str, Json]]]:
    """Events as JSON in an attribute, each with its name inside."""
    found = [entry for entry in list_in(value) if isinstance(entry, dict)]
    return [(str(entry.get("event.name", entry.get("event_name"))), entry) for entry in found]


def _said(events: Iterable[tuple[str, dict[str, Json]]]) -> Json:
    found = [
        _message(role[1], attributes)
        for name, attributes in events
        if (role := MESSAGE.fullmatch(name))
    ]
    return read_messages(found)


def _chosen(events: Iterable[tuple[str, dict[str, Json]]]) -> Json:
    found = []
    for name, attributes in events:
        if name == CHOICE:
            body = _body(attributes)
            inner = object_in(body.get("message"))
            found.append(_message("assistant", inner or {**body, "content": _content(body)}))
    messages = read_messages(found)
    return answer_of(messages) if messages else None


def _message(role: str, attributes: dict[str, Json]) -> dict[str, Any]:
    kept = {k: v for k, v in _body(attributes).items() if k not in AROUND}
    if role == "tool" and attributes.get("id"):
        kept["tool_call_id"] = attributes["id"]
    return {"role": role, **kept}


def _content(body: dict[str, Json]) -> Json:
    """Some write the message of a choice as plain text."""
    return body.get("content") if "content" in body else body.get("message")


def _body(attributes: dict[str, Json]) -> dict[str, Json]:
    """A log record's body put into an attribute stands for the members it holds."""
    for name in BODY:
        if body := object_in(attributes.get(name)):
            return {**attributes, **body}
    return attributes


def _whole(events: list[SpanEvent], name: str, attribute: str) -> Json:
    """Before 1.28 one event held the whole prompt, as text or JSON."""
    for event in events:
        if event.name == name and event.attributes.get(attribute):
            value = event.attributes[attribute]
            return read_messages(value) or open_json(value)
    return None


def _answer(events: list[SpanEvent]) -> Json:
    return read_answer(_whole(events, "gen_ai.content.completion", "gen_ai.completion"))
