"""Spans in protobuf: as OpenTelemetry's own library writes them, each refused for itself."""

from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as proto

from integration.dialects.otlp.protobuf import SpanReader, read_spans
from integration.dialects.otlp.protobuf_attributes import AttributeReader, read_usual_pair
from integration.dialects.otlp.span import Span, SpanRefused
from integration.dialects.otlp.wire import (
    Budget,
    TooManyFields,
    WireError,
    write_bytes,
    write_number,
)
from tests.integration.dialects.sent import NOON_NS, fixed64, id_of, wire_request, wire_span


def values() -> st.SearchStrategy[object]:
    plain = st.text() | st.booleans() | st.integers(-(1 << 63), (1 << 63) - 1)
    plain = plain | st.floats(allow_nan=False)
    return st.recursive(
        plain,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    )


def put(target: object, value: object) -> None:
    """The value into the library's AnyValue."""
    if isinstance(value, bool):
        target.bool_value = value  # type: ignore[attr-defined]
    elif isinstance(value, int):
        target.int_value = value  # type: ignore[attr-defined]
    elif isinstance(value, float):
        target.double_value = value  # type: ignore[attr-defined]
    elif isinstance(value, str):
        target.string_value = value  # type: ignore[attr-defined]
    elif isinstance(value, list):
        target.array_value.SetInParent()  # type: ignore[attr-defined]
        for part in value:
            put(target.array_value.values.add(), part)  # type: ignore[attr-defined]
    elif isinstance(value, dict):
        target.kvlist_value.SetInParent()  # type: ignore[attr-defined]
        for name, part in value.items():
            entry = target.kvlist_value.values.add()  # type: ignore[attr-defined]
            entry.key = name
            put(entry.value, part)


def library_request(attributes: dict[str, object]) -> bytes:
    request = proto.ExportTraceServiceRequest()
    resource_spans = request.resource_spans.add()
    resource = resource_spans.resource.attributes.add()
    resource.key, resource.value.string_value = "service.name", "shop"
    scope_spans = resource_spans.scope_spans.add()
    scope_spans.scope.name, scope_spans.scope.version = "tests", "1"
    span = scope_spans.spans.add()
    span.trace_id, span.span_id = b"t" * 16, b"s" * 8
    span.parent_span_id, span.name, span.kind = b"p" * 8, "chat", 3
    span.start_time_unix_nano, span.end_time_unix_nano = NOON_NS, NOON_NS + 5
    span.status.code, span.status.message = 2, "failed"
    event = span.events.add()
    event.name, event.time_unix_nano = "exception", NOON_NS
    for name, value in attributes.items():
        entry = span.attributes.add()
        entry.key = name
        put(entry.value, value)
        copy = event.attributes.add()
        copy.CopyFrom(entry)
    span.links.add().trace_id = b"x" * 16
    return bytes(request.SerializeToString())


@given(st.dictionaries(st.text(max_size=50), values(), max_size=6))
def test_what_the_library_writes_is_read_back(attributes: dict[str, object]) -> None:
    (span,) = read_spans(library_request(attributes))

    assert isinstance(span, Span)
    assert span.attributes == attributes == span.events[0].attributes
    assert (span.trace_id, span.span_id, span.parent_id) == ("74" * 16, "73" * 8, "70" * 8)
    assert (span.name, span.status, span.status_message) == ("chat", 2, "failed")
    assert (span.start_ns, span.end_ns) == (NOON_NS, NOON_NS + 5)
    assert span.source.resource == {"service.name": "shop"}
    assert (span.source.scope, span.source.scope_version) == ("tests", "1")


def as_pair(value: bytes) -> bytes:
    return write_bytes(1, b"name") + write_bytes(2, value)


BROKEN = {
    "no trace id": {"trace_id": b""},
    "a short trace id": {"trace_id": write_bytes(1, b"short")},
    "a long span id": {"span_id": write_bytes(2, b"x" * 1000)},
    "a zero span id": {"span_id": write_bytes(2, b"\x00" * 8)},
    "no start": {"start": b""},
    "an end before the start": {"end": fixed64(8, 1)},
    "an end beyond the calendar": {"end": fixed64(8, (1 << 64) - 1)},
    "a number for a name": {"name": write_number(5, 1)},
    "a message for a time": {"start": write_bytes(7, b"x")},
    "cut off": {"attributes": b"\x4a\xff\x01"},
    "deep attributes": {"attributes": write_bytes(9, write_bytes(2, b""))},
}
DEEP = b""
for _ in range(30):
    DEEP = write_bytes(5, write_bytes(1, DEEP))
DEEP_VALUE = write_bytes(1, b"a") + write_bytes(2, DEEP)
BROKEN["deep attributes"] = {"attributes": write_bytes(9, DEEP_VALUE)}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_span_is_refused_alone(what: str) -> None:
    body = wire_request(wire_span({}), wire_span({}, 1, **BROKEN[what]), wire_span({}, 2))
    first, second, third = read_spans(body)

    assert isinstance(second, SpanRefused)
    assert isinstance(first, Span)
    assert first.span_id == id_of(0)
    assert isinstance(third, Span)
    assert third.span_id == id_of(2)


def test_broken_utf_8_costs_its_characters_only() -> None:
    attribute = write_bytes(9, write_bytes(1, b"a") + write_bytes(2, write_bytes(1, b"x\xff")))
    (span,) = read_spans(wire_request(wire_span({}, attributes=attribute)))

    assert isinstance(span, Span)
    assert span.attributes == {"a": "x\ufffd"}


def test_more_attributes_than_any_span_has_are_refused() -> None:
    many = b"".join(write_bytes(9, write_bytes(1, str(n).encode())) for n in range(5000))
    found = list(read_spans(wire_request(wire_span({}, attributes=many), wire_span({}, 1))))

    assert [type(one) for one in found] == [SpanRefused, Span]


def test_a_broken_resource_or_scope_costs_no_spans() -> None:
    for broken in (b"\xff", write_bytes(1, DEEP_VALUE), b"\x08\x01"):
        scope = write_bytes(1, broken) + write_bytes(2, wire_span({}))
        body = write_bytes(1, write_bytes(1, broken) + write_bytes(2, scope))

        assert [type(one) for one in read_spans(body)] == [Span]


def test_millions_of_empty_spans_cost_neither_memory_nor_time() -> None:
    body = write_bytes(1, write_bytes(2, b"\x12\x00" * (4 << 20)))
    began = time.monotonic()
    with pytest.raises(TooManyFields):
        sum(1 for _ in read_spans(body))

    assert time.monotonic() - began < 20  # 2.5 s here, and a request ends at 10,000 of them


LENGTHS = [0, 1, 60, 120, 121, 122, 123, 124, 125, 126, 127, 128, 129, 130, 131, 132, 133, 16_370]


@pytest.mark.parametrize("length", [*LENGTHS, *range(16_376, 16_390), 70_000])
@pytest.mark.parametrize("name", ["a", "n" * 127, "n" * 128])
def test_texts_of_every_length_are_read(name: str, length: int) -> None:
    text = "é" * (length // 2) + "x" * (length % 2)
    (span,) = read_spans(library_request({name: text}))

    assert isinstance(span, Span)
    assert span.attributes == {name: text}


@given(st.binary(max_size=60) | st.binary(max_size=60).map(as_pair))
def test_the_short_way_reads_a_pair_as_the_long_one_does(data: bytes) -> None:
    quick = read_usual_pair(data)

    assert quick is None or quick == AttributeReader(Budget()).read_pair(data, 0)


def test_what_spans_repeat_is_read_once() -> None:
    """Counted in fields: the attributes of the later spans are not looked into."""
    reader = SpanReader(Budget())
    before = reader.budget.left
    one = write_bytes(2, wire_span({"a": 1, "b": 2.5, "c": True, "d": "x"}))
    spans = list(reader.read_resource_spans(write_bytes(2, one * 100)))

    assert all(isinstance(span, Span) and span.attributes["b"] == 2.5 for span in spans)
    assert len(spans) == 100
    assert before - reader.budget.left < 100 * 10 + 100  # 10 fields a span


def test_no_two_spans_share_a_list() -> None:
    first, second = read_spans(library_request({"a": [1]}) * 2)
    assert isinstance(first, Span)
    assert isinstance(second, Span)

    assert first.attributes == second.attributes == {"a": [1]}
    assert first.attributes["a"] is not second.attributes["a"]


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    with contextlib.suppress(WireError, TooManyFields):
        list(read_spans(body))
