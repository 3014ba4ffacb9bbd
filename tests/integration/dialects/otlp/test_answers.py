"""The answer is one OpenTelemetry's own library can read."""

from __future__ import annotations

import json

from google.rpc import status_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as proto

from integration.dialects.otlp.answers import JSON, PROTOBUF, write_answer, write_status


def test_all_taken_is_an_empty_answer() -> None:
    assert write_answer(PROTOBUF) == b""
    assert write_answer(JSON) == b"{}"


def test_what_was_refused_is_a_partial_success() -> None:
    answer = proto.ExportTraceServiceResponse.FromString(write_answer(PROTOBUF, 3, "spanId: é"))

    assert answer.partial_success.rejected_spans == 3
    assert answer.partial_success.error_message == "spanId: é"
    assert json.loads(write_answer(JSON, 3, "spanId: é")) == {
        "partialSuccess": {"rejectedSpans": 3, "errorMessage": "spanId: é"}
    }


def test_a_refusal_in_protobuf_is_a_status() -> None:
    status = status_pb2.Status.FromString(write_status(401, "no key"))

    assert (status.code, status.message) == (16, "no key")
    assert status_pb2.Status.FromString(write_status(500, "")).code == 2
