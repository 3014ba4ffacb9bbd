"""OTLP/JSON: what surrounds the spans must be right, each span is refused for itself."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from typing import Any

import pytest
from google.protobuf.json_format import MessageToJson, ParseDict
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as proto

from featurememory.errors import FeatureMemoryError
from integration.dialects.otlp.json import read_body, read_spans
from integration.dialects.otlp.span import Received, Span, SpanRefused
from integration.dialects.otlp.usual_json import decode_usual
from tests.integration.dialects.sent import CHAT, NOON_NS, SPAN, TRACE, json_request, json_span


def only(span: Any) -> Span:
    """The one span of a request, read either way."""
    (found,) = read_spans(json_request(span))
    (again,) = read_body(json.dumps(json_request(span)).encode())
    assert isinstance(found, Span)
    assert again == found
    return found


def test_values_of_every_type_are_read() -> None:
    attributes = {
        "s": "x",
        "b": False,
        "i": -(1 << 60),
        "d": 0.5,
        "a": ["x", 1],
        "m": {"n": {"o": 2}},
    }

    assert only(json_span(attributes)).attributes == attributes


def test_a_span_is_read_whole() -> None:
    event = {"name": "exception", "timeUnixNano": "1", "attributes": []}
    span = only(
        json_span({}, parentSpanId=SPAN, events=[event], status={"code": 2, "message": "no"})
    )

    assert (span.trace_id, span.span_id, span.parent_id) == (TRACE, SPAN, SPAN)
    assert (span.status, span.status_message, span.events[0].name) == (2, "no", "exception")
    assert span.source.resource == {"service.name": "shop"}
    assert span.source.scope == "tests"


def test_other_spellings_of_protobufs_json_are_read_too() -> None:
    ids: dict[str, Any] = {"traceId": base64.b64encode(bytes.fromhex(TRACE)).decode()}
    span = only(
        json_span({}, **ids, startTimeUnixNano=NOON_NS, status={"code": "STATUS_CODE_ERROR"})
    )
    snake = {
        "resource_spans": [
            {
                "scope_spans": [
                    {
                        "spans": [
                            {
                                "trace_id": TRACE.upper(),
                                "span_id": SPAN,
                                "start_time_unix_nano": str(NOON_NS),
                                "end_time_unix_nano": str(NOON_NS),
                                "attributes": [{"key": "a", "value": {"string_value": "x"}}],
                            }
                        ]
                    }
                ]
            }
        ]
    }
    (other,) = read_spans(snake)

    assert (span.trace_id, span.status) == (TRACE, 2)
    assert isinstance(other, Span)
    assert (other.trace_id, other.attributes) == (TRACE, {"a": "x"})


def test_numbers_json_cannot_write_are_not_finite() -> None:
    value = [{"key": "a", "value": {"doubleValue": "Infinity"}}]

    assert only(json_span({}, attributes=value)).attributes == {"a": float("inf")}


BROKEN: dict[str, Any] = {
    "a number": 5,
    "nothing": None,
    "a list": [],
    "an empty object": {},
    "no hex": json_span({}, traceId="not hex"),
    "a short id": json_span({}, spanId="zz"),
    "a number as id": json_span({}, spanId=5),
    "zeros as id": json_span({}, traceId="0" * 32),
    "an end that is no time": json_span({}, endTimeUnixNano="never"),
    "no end": json_span({}, endTimeUnixNano=...),
    "an end before the start": json_span({}, endTimeUnixNano="5"),
    "a negative start": json_span({}, startTimeUnixNano=-5),
    "a start of many digits": json_span({}, startTimeUnixNano="9" * 5000),
    "a start that is a fraction": json_span({}, startTimeUnixNano=1.5),
    "too many attributes": json_span({str(number): 1 for number in range(4001)}),
    "too many events": json_span({}, events=[{}] * 1001),
}
DEEP: Any = {"stringValue": "x"}
for _ in range(30):
    DEEP = {"arrayValue": {"values": [DEEP]}}
BROKEN["deep attributes"] = json_span({}, attributes=[{"key": "a", "value": DEEP}])


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_span_is_refused_alone(what: str) -> None:
    first, second, third = read_spans(json_request(json_span({}), BROKEN[what], json_span({}, 2)))

    assert isinstance(second, SpanRefused)
    assert isinstance(first, Span)
    assert isinstance(third, Span)


ODD: list[Any] = [
    {"attributes": 5},
    {"attributes": [5, {}, {"key": 5}, {"key": "a"}, {"key": "b", "value": 5}, {"value": {}}]},
    {"attributes": [{"key": "a", "value": {"arrayValue": {"values": 5}}}]},
    {"attributes": [{"key": "a", "value": {"intValue": "x" * 30}}]},
    {"events": 5},
    {"events": [5, {"name": 5}]},
    {"status": 5},
    {"status": {"code": "NO_SUCH", "message": 5}},
    {"name": 5},
    {"kind": "x", "links": 5, "unknown": {}},
    {"parentSpanId": ""},
]


@pytest.mark.parametrize("odd", ODD, ids=str)
def test_what_is_odd_but_beside_the_point_is_left_out(odd: dict[str, Any]) -> None:
    assert only(json_span({}, **odd)).trace_id == TRACE


@pytest.mark.parametrize(
    "request_",
    [
        {"resourceSpans": 5},
        {"resourceSpans": [5]},
        {"resourceSpans": [{"scopeSpans": {}}]},
        {"resourceSpans": [{"scopeSpans": [5]}]},
        {"resourceSpans": [{"scopeSpans": [{"spans": 5}]}]},
    ],
)
def test_what_surrounds_the_spans_must_have_its_form(request_: dict[str, Any]) -> None:
    with pytest.raises(FeatureMemoryError) as refusal:
        list(read_spans(request_))

    assert refusal.value.status == 422


@pytest.mark.parametrize(
    "request_", [{}, {"resourceSpans": []}, {"resourceSpans": [{}]}, {"other": 1}]
)
def test_a_request_without_spans_has_none(request_: dict[str, Any]) -> None:
    assert list(read_spans(request_)) == []


@pytest.mark.parametrize("odd", [{}, *ODD, {"attributes": []}, {"attributes": DEEP}], ids=str)
def test_the_short_way_reads_a_request_as_the_long_one_does(odd: dict[str, Any]) -> None:
    body = json.dumps(json_request(json_span(CHAT, **odd), json_span({}, 1))).encode()

    assert said(read_body(body)) == said(read_spans(json.loads(body)))


def said(found: Iterable[Received]) -> list[Any]:
    return [str(one) if isinstance(one, SpanRefused) else one for one in found]


def test_what_sdks_send_is_read_the_short_way() -> None:
    """As OpenTelemetry's JavaScript SDK and the Collector write it, and the library itself."""
    attributes = [{"key": name, "value": value} for name, value in SENT.items()]
    span = json_span(
        {},
        attributes=attributes,
        flags=257,
        traceState="a=b",
        droppedAttributesCount=0,
        links=[{"traceId": TRACE, "spanId": SPAN, "attributes": []}],
        events=[{"name": "e", "timeUnixNano": "1", "attributes": [], "droppedAttributesCount": 0}],
        droppedEventsCount=0,
        droppedLinksCount=0,
        status={"code": 1, "message": ""},
    )
    library = ParseDict(json_request(json_span(CHAT)), proto.ExportTraceServiceRequest())

    assert decode_usual(json.dumps(json_request(span)).encode())
    assert decode_usual(MessageToJson(library).encode())
    assert only(span).attributes == {"i": 5, "j": 6, "d": 0.5, "b": True, "l": ["x"], "y": "eA=="}


SENT: dict[str, Any] = {
    "i": {"intValue": 5},
    "j": {"intValue": "6"},
    "d": {"doubleValue": 0.5},
    "b": {"boolValue": True},
    "l": {"arrayValue": {"values": [{"stringValue": "x"}]}},
    "y": {"bytesValue": "eA=="},
}


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"5", b"[" * 100_000])
def test_what_is_no_request_is_refused(body: bytes) -> None:
    with pytest.raises(FeatureMemoryError) as refusal:
        list(read_body(body))

    assert refusal.value.status in (400, 422)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(st.sampled_from(sorted(json_span({}))), json_values)
def test_any_value_in_any_place_is_read_or_refused(place: str, value: Any) -> None:
    found = list(read_spans(json.loads(json.dumps(json_request(json_span({}, **{place: value}))))))

    assert len(found) == 1
