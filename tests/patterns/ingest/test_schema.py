"""The shape of an interaction: the spec's fields, camelCase, units, and what is refused."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from featurememory.errors import ErrorCode, FeatureMemoryError
from patterns.ingest.schema import (
    COLUMNS,
    DEPTH,
    build_arrival,
    collect_content,
    extract_brackets,
    parse_interaction,
    to_epoch_ms,
)
from patterns.storage.payloads import pack_payload, unpack_payload
from tests.builders import NOON, item

pytestmark = pytest.mark.django_db  # packing asks for the dictionary in force


def columns_of(**changes: Any) -> dict[str, Any]:
    made = build_arrival(parse_interaction(json.dumps(item(**changes)).encode()))
    return dict(zip(COLUMNS, made.columns, strict=True))


def refusal(raw: bytes | dict[str, Any]) -> FeatureMemoryError:
    with pytest.raises(FeatureMemoryError) as caught:
        build_arrival(
            parse_interaction(raw if isinstance(raw, bytes) else json.dumps(raw).encode())
        )
    return caught.value


def test_an_interaction_has_the_specs_fields_in_milliseconds_and_bytes() -> None:
    found = columns_of()

    assert (found["model_id"], found["timestamp"], found["duration"]) == ("gpt-5-mini", NOON, 800.0)
    assert (found["memory_usage"], found["token_count"]) == (1 << 20, 100)
    assert (found["processing_time"], found["cost"], found["success"]) == (700.0, 0.25, True)


def test_what_is_not_told_is_unknown_and_not_zero() -> None:
    bare = {"model_id": "m", "input": 1, "metadata": {"timestamp": NOON, "duration": 0}}
    found = dict(
        zip(
            COLUMNS,
            build_arrival(parse_interaction(json.dumps(bare).encode())).columns,
            strict=True,
        )
    )

    unknown = {"memory_usage", "token_count", "cost", "success", "score", "input_tokens"}
    assert {found[name] for name in unknown} == {None}


def test_without_an_id_each_interaction_gets_its_own() -> None:
    raw = json.dumps(item(id=...)).encode()

    assert build_arrival(parse_interaction(raw)).id != build_arrival(parse_interaction(raw)).id


def test_the_specs_camel_case_says_the_same() -> None:
    camel = item()
    camel["modelId"], camel["taskType"] = camel.pop("model_id"), camel.pop("task_type")
    usage = camel["metadata"].pop("resource_usage")
    camel["metadata"]["resourceUsage"] = {
        "memoryUsage": usage["memory_usage"],
        "tokenCount": usage["token_count"],
        "processingTime": usage["processing_time"],
    }
    camel["usage"] = {"inputTokens": 60, "outputTokens": 40, "cost": 0.25}
    found = dict(
        zip(
            COLUMNS,
            build_arrival(parse_interaction(json.dumps(camel).encode())).columns,
            strict=True,
        )
    )

    assert found | {"received_at": 0} == columns_of() | {"received_at": 0}


def test_camel_case_names_inside_values_stay_as_they_were_sent() -> None:
    camel = item(input={"modelId": 1, "resourceUsage": {"tokenCount": 2}}, sessionId="s")
    content = collect_content(parse_interaction(json.dumps(camel).encode()))

    assert json.loads(bytes(content["input"])) == camel["input"]


@pytest.mark.parametrize("missing", ["model_id", "input", "metadata"])
def test_a_missing_field_is_named_with_its_pointer(missing: str) -> None:
    left_out: dict[str, Any] = {missing: ...}
    error = refusal(item(**left_out))

    assert error.code is ErrorCode.VALIDATION_FAILED
    assert error.details["errors"][0]["pointer"] == f"/{missing}"
    assert error.details["errors"][0]["code"] == "required"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("/metadata/duration", -1),
        ("/metadata/duration", "fast"),
        ("/metadata/duration", True),
        ("/metadata/timestamp", "yesterday"),
        ("/metadata/timestamp", -5),
        ("/metadata/timestamp", 1e300),
        ("/metadata/timestamp", "9999-12-31T23:59:59-10:00"),
        ("/metadata/resource_usage/memory_usage", -1),
        ("/metadata/resource_usage/token_count", -1),
        ("/usage/cost", -0.1),
        ("/score", 1.01),
        ("/score", -0.01),
        ("/success", "yes"),
        ("/model_id", ""),
        ("/model_id", "a\x00b"),
        ("/id", ""),
        ("/id", "x" * 129),
        ("/id", 7),
        ("/tags", []),
        ("/parameters", "hot"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_with_its_pointer(path: str, value: Any) -> None:
    bad = item()
    *parents, name = path.strip("/").split("/")
    place: Any = bad
    for parent in parents:
        place = place[parent]
    place[name] = value

    error = refusal(bad)
    assert error.code is ErrorCode.VALIDATION_FAILED
    assert error.details["errors"][0]["pointer"] == path


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b'{"model_id": }', b"\xff", b'{"a": "\xff"}', b'{"duration": NaN}', b"[" * 500],
)
def test_what_is_no_json_is_malformed(raw: bytes) -> None:
    assert refusal(raw).code is ErrorCode.MALFORMED_BODY


@pytest.mark.parametrize("number", [b"1e999", b"-1e999", b"Infinity", b"NaN"])
def test_numbers_must_be_finite(number: bytes) -> None:
    raw = json.dumps(item(duration=7654321)).encode().replace(b"7654321", number)

    assert refusal(raw).code in (ErrorCode.MALFORMED_BODY, ErrorCode.VALIDATION_FAILED)


def test_brackets_in_a_text_are_not_nesting_but_real_nesting_is_limited() -> None:
    assert parse_interaction(json.dumps(item(input="[{" * 5000)).encode()).model_id == "gpt-5-mini"

    deep = b"[" * 201 + b"]" * 201
    raw = json.dumps(item(input="HERE")).encode().replace(b'"HERE"', deep)
    assert refusal(raw).code is ErrorCode.MALFORMED_BODY


def test_one_interaction_may_be_as_large_as_the_limit_and_no_larger(settings: Any) -> None:
    raw = json.dumps(item()).encode()
    settings.BODY_LIMIT = len(raw)
    assert parse_interaction(raw).id == "i-0"

    settings.BODY_LIMIT = len(raw) - 1
    assert refusal(raw).code is ErrorCode.TOO_LARGE


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22T12:00:00Z",
        "2026-11-22T12:00:00.000+00:00",
        "2026-11-22T13:30:00+01:30",
        "2026-11-22T12:00:00",
        1_795_348_800_000.0,
    ],
)
def test_times_are_rfc_3339_or_epoch_milliseconds(text: Any) -> None:
    assert to_epoch_ms(text) == 1_795_348_800_000


@pytest.mark.parametrize("seconds", [NOON // 1000, NOON / 1000 + 0.25])
def test_epoch_seconds_are_not_taken_for_january_1970(seconds: float) -> None:
    assert to_epoch_ms(seconds) == round(seconds * 1000)


def test_microseconds_are_refused_and_told_what_is_wanted() -> None:
    assert "epoch milliseconds" in refusal(item(timestamp=NOON * 1000)).message


def test_a_number_without_end_in_the_input_is_refused_with_its_pointer() -> None:
    raw = json.dumps(item(input={"a": [1, 7654321]})).encode().replace(b"7654321", b"1e999")

    assert refusal(raw).details["errors"][0]["pointer"] == "/input/a/1"


def test_a_total_of_tokens_alone_is_the_token_count() -> None:
    bare = {"timestamp": NOON, "duration": 1}
    raw = json.dumps(item(usage={"total_tokens": 512}, metadata=bare)).encode()
    made = build_arrival(parse_interaction(raw))

    assert dict(zip(COLUMNS, made.columns, strict=True))["token_count"] == 512


def test_names_in_the_extra_that_was_sent_are_as_well_kept_as_unknown_ones() -> None:
    raw = json.dumps(item(extra={"mine": 1}, theirs=2)).encode()
    extra = parse_interaction(raw).extra or {}

    assert {name: bytes(value) for name, value in extra.items()} == {"mine": b"1", "theirs": b"2"}


def test_unknown_names_are_kept_beside_an_extra_that_is_null() -> None:
    assert (parse_interaction(json.dumps(item(extra=None, theirs=2)).encode()).extra or {}).keys()


@pytest.mark.parametrize("value", [5, [], "x"])
def test_an_extra_that_is_no_object_is_refused(value: Any) -> None:
    assert refusal(item(extra=value, theirs=2)).details["errors"][0]["pointer"] == "/extra"


floats = st.floats(allow_nan=False, allow_infinity=False)
scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**63) | floats | st.text()
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


@given(json_values, json_values)
def test_input_and_output_come_back_as_they_were_sent(sent: Any, answered: Any) -> None:
    raw = json.dumps(item(input=sent, output=answered)).encode()
    kept = unpack_payload(pack_payload(collect_content(parse_interaction(raw))))

    assert kept["input"] == sent
    assert kept.get("output") == answered


@pytest.mark.parametrize(
    "piece", [rb'"\"', rb'"\\', rb"[{", rb'"[', rb'"\[', b'\\"', b'"', b"\\\\"], ids=repr
)
def test_measuring_the_nesting_of_a_body_takes_linear_time(piece: bytes) -> None:
    def seconds(size: int) -> float:
        raw = b"[" * (DEPTH + 1) + piece * (size // len(piece))
        began = time.process_time()
        extract_brackets(raw)
        return time.process_time() - began

    short, long = (min(seconds(size) for _ in range(5)) for size in (250_000, 1_000_000))
    assert long < 12 * short + 0.01


@pytest.mark.parametrize(
    ("raw", "brackets"),
    [
        (rb'[{"a": "]}"}]', b"[{}]"),
        (rb'["\"]", "\\"]', b"[]"),
        (rb'{"a[": ["\\\"{"]}', b"{[]}"),
        (rb'["an end that never comes [', b"["),
    ],
)
def test_brackets_inside_strings_are_not_nesting(raw: bytes, brackets: bytes) -> None:
    assert extract_brackets(raw) == brackets


def test_cache_writes_and_reasoning_are_read_in_both_spellings() -> None:
    snake = columns_of(usage={"cache_write_tokens": 3, "reasoning_tokens": 4})
    camel = columns_of(usage={"cacheWriteTokens": 3, "reasoningTokens": 4})

    for found in (snake, camel):
        assert (found["cache_write_tokens"], found["reasoning_tokens"]) == (3.0, 4.0)


@pytest.mark.parametrize("duration", [None, ...])
def test_a_duration_is_required_of_callers_and_may_be_unknown_in_history(duration: Any) -> None:
    entry = item()
    entry["metadata"] = {"timestamp": NOON} | ({} if duration is ... else {"duration": duration})
    raw = json.dumps(entry).encode()

    assert refusal(raw).details["errors"][0]["pointer"] == "/metadata/duration"
    made = build_arrival(parse_interaction(raw, timed=False))
    assert dict(zip(COLUMNS, made.columns, strict=True))["duration"] is None


@pytest.mark.parametrize(
    ("fields", "failed"),
    [
        ({"success": True}, False),
        ({"success": None}, False),
        ({"success": None, "error": None}, False),
        ({"success": False}, True),
        ({"success": None, "error": "timeout"}, True),
    ],
)
def test_a_call_failed_when_its_caller_says_so(fields: dict[str, Any], failed: bool) -> None:
    assert columns_of(**fields)["failed"] is failed
