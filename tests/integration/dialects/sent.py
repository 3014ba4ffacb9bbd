"""Spans and requests as the tests send them."""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any

from integration.dialects.otlp.span import Source, Span, SpanEvent
from integration.dialects.otlp.wire import write_bytes, write_number, write_varint

if TYPE_CHECKING:  # the benchmarks build requests without Django
    from patterns.models import ModelInteraction

NOON_NS = 1_795_953_600_000_000_000
TRACE, SPAN = "5b8aa5a2d2c872e8321cf37308d69df2", "051581bf3cb55c13"


def span(
    attributes: dict[str, Any], *, number: int = 0, parent: int | None = None, **more: Any
) -> Span:
    """A span of 0.8 s; `number` and `parent` become ids."""
    events = [SpanEvent(name, found) for name, found in more.pop("events", ())]
    usual: dict[str, Any] = {
        "trace_id": TRACE,
        "span_id": id_of(number),
        "parent_id": "" if parent is None else id_of(parent),
        "name": "chat gpt-5-mini",
        "start_ns": NOON_NS,
        "end_ns": NOON_NS + 800_000_000,
        "source": Source(more.pop("resource", {})),
    }
    return Span(**{**usual, **more}, attributes=attributes, events=events)


def id_of(number: int) -> str:
    return f"{int(SPAN, 16) + number:016x}"


def json_value(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, list | tuple):
        return {"arrayValue": {"values": [json_value(part) for part in value]}}
    if isinstance(value, dict):
        return {"kvlistValue": {"values": json_attributes(value)}}
    return {"stringValue": value}


def json_attributes(attributes: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": name, "value": json_value(value)} for name, value in attributes.items()]


def json_span(sent: dict[str, Any], number: int = 0, **changes: Any) -> dict[str, Any]:
    """A span with these attributes; `changes` replace its members, ... leaves one out."""
    made = {
        "traceId": TRACE,
        "spanId": id_of(number),
        "name": "chat gpt-5-mini",
        "kind": 3,
        "startTimeUnixNano": str(NOON_NS),
        "endTimeUnixNano": str(NOON_NS + 800_000_000),
        "attributes": json_attributes(sent),
        "status": {},
    }
    return {name: value for name, value in (made | changes).items() if value is not ...}


def json_request(*spans: Any, resource: dict[str, Any] | None = None) -> dict[str, Any]:
    scopes = [{"scope": {"name": "tests", "version": "1"}, "spans": list(spans)}]
    found = {"attributes": json_attributes(resource or {"service.name": "shop"})}
    return {"resourceSpans": [{"resource": found, "scopeSpans": scopes}]}


def json_body(*spans: Any) -> bytes:
    return json.dumps(json_request(*spans)).encode()


def wire_value(value: Any) -> bytes:
    if isinstance(value, bool):
        return write_number(2, int(value))
    if isinstance(value, int):
        return write_number(3, value & (1 << 64) - 1)
    if isinstance(value, float):
        return write_varint(4 << 3 | 1) + struct.pack("<d", value)
    return write_bytes(1, str(value).encode())


def wire_span(sent: dict[str, Any], number: int = 0, **changes: bytes) -> bytes:
    """A span in protobuf; `changes` replace fields by name with raw bytes."""
    fields = {
        "trace_id": write_bytes(1, bytes.fromhex(TRACE)),
        "span_id": write_bytes(2, bytes.fromhex(id_of(number))),
        "name": write_bytes(5, b"chat gpt-5-mini"),
        "start": fixed64(7, NOON_NS),
        "end": fixed64(8, NOON_NS + 800_000_000),
        "attributes": b"".join(
            write_bytes(9, write_bytes(1, name.encode()) + write_bytes(2, wire_value(value)))
            for name, value in sent.items()
        ),
    }
    return b"".join((fields | changes).values())


def fixed64(number: int, value: int) -> bytes:
    return write_varint(number << 3 | 1) + value.to_bytes(8, "little")


def wire_request(*spans: bytes) -> bytes:
    scope = b"".join(write_bytes(2, span) for span in spans)
    return write_bytes(1, write_bytes(2, scope))


CHAT: dict[str, Any] = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-5-mini",
    "gen_ai.usage.input_tokens": 40,
    "gen_ai.usage.output_tokens": 8,
    "gen_ai.input.messages": json.dumps(
        [{"role": "user", "parts": [{"type": "text", "content": "Where is my order 1001?"}]}]
    ),
    "gen_ai.output.messages": json.dumps(
        [{"role": "assistant", "parts": [{"type": "text", "content": "It ships tomorrow."}]}]
    ),
}


def told(attributes: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The interaction these attributes of a span become."""
    from integration.dialects.calls import interaction_of
    from integration.dialects.spans.mapping import read_span

    return interaction_of(read_span(span(attributes, **more))[0])


def content(row: ModelInteraction) -> dict[str, Any]:
    """What was stored of it: the one place here that knows how payloads are kept."""
    from patterns.models import Payload
    from patterns.storage.payloads import unpack_payload

    return unpack_payload(Payload.objects.get(pk=row.number).data)
