"""OTLP/JSON: what surrounds the spans must be right, each span is refused for itself."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from featurememory.errors import FeatureMemoryError
from integration.dialects.otlp.json import read_spans
from integration.dialects.otlp.span import Span, SpanRefused
from tests.integration.dialects.sent import NOON_NS, SPAN, TRACE, json_request, json_span


def only(span: Any) -> Span:
    (found,) = read_spans(json_request(span))
    assert isinstance(found, Span)
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


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(st.sampled_from(sorted(json_span({}))), json_values)
def test_any_value_in_any_place_is_read_or_refused(place: str, value: Any) -> None:
    found = list(read_spans(json.loads(json.dumps(json_request(json_span({}, **{place: value}))))))

    assert len(found) == 1
