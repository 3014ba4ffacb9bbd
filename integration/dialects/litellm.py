"""LiteLLM's callback `generic_api`: a StandardLoggingPayload for each call.

https://docs.litellm.ai/docs/proxy/logging_spec
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from featurememory.errors import (
    ErrorCode,
    FeatureMemoryError,
    handle_feature_memory_error,
    invalid,
)
from integration.dialects.answers import read_answer
from integration.dialects.calls import ToldCall, interaction_of
from integration.dialects.json_values import Json, list_in, number_in, object_in, open_json, text_in
from integration.dialects.messages import read_messages, with_tools
from integration.dialects.spans.litellm_spans import ID_PREFIX, NOTES
from integration.dialects.times import span_of
from integration.dialects.usage import Tokens, parts_included, read_usage

INPUT_ELSEWHERE = ("tools", "functions", "messages", "model")
NUMBERS = ("prompt_tokens", "completion_tokens")
SUCCESS, FAILURE = "success", "failure"


def split_bodies(raw: bytes) -> list[bytes]:
    """The payloads of an array, of lines, or the only one; each as it was sent.

    LiteLLM sends lines with the content type of JSON, so the bytes decide and not the header.
    """
    try:
        whole = msgspec.json.decode(raw, type=list[msgspec.Raw] | dict[str, msgspec.Raw])
    except msgspec.ValidationError as error:
        raise invalid("must be an object, an array of objects, or lines of objects") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        lines = [line for line in raw.splitlines() if line.strip()]
        if len(lines) < 2 or not _is_object(lines[0]):
            raise FeatureMemoryError(
                f"The body is not valid JSON: {error}", ErrorCode.MALFORMED_BODY
            ) from error
        return lines
    return [bytes(item) for item in whole] if isinstance(whole, list) else [raw]


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(msgspec.json.decode(line), dict)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False


def read_bodies(bodies: list[bytes]) -> Iterator[dict[str, Json] | FeatureMemoryError]:
    """Each payload as an interaction, or why it is none."""
    for raw in bodies:
        try:
            yield read_payload(msgspec.json.decode(raw), raw)
        except FeatureMemoryError as error:
            yield error
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            yield FeatureMemoryError(f"It is not valid JSON: {error}", ErrorCode.MALFORMED_BODY)
        except Exception as error:  # one payload must not cost the others of its batch
            yield handle_feature_memory_error(error)


def read_payload(payload: Json, raw: bytes = b"") -> dict[str, Json]:
    """One payload as an interaction. FeatureMemoryError when it is no call of a model."""
    if not isinstance(payload, dict):
        raise invalid("must be an object")
    if not (payload.get("model") or payload.get("model_group")):
        raise invalid("is required", "/model", "required")
    failed = _has_failed(payload)
    start, duration = span_of(payload.get("startTime"), payload.get("endTime"))
    seconds = number_in(payload.get("response_time"))
    duration = seconds * 1000 if duration is None and seconds is not None else duration
    parameters = object_in(payload.get("model_parameters", payload.get("modelParameters")))
    call = ToldCall(
        id=_id_of(payload, raw) + ("-failed" if failed else ""),
        started_ms=start,
        duration_ms=duration or None if failed else duration,
        failed=failed,
        input=_input(payload, parameters),
    )
    call.fill_parameters({k: v for k, v in parameters.items() if k not in INPUT_ELSEWHERE})
    _read_answer(payload, call)
    _read_notes(payload, call)
    return interaction_of(call)


def _id_of(payload: Mapping[str, Any], raw: bytes) -> str:
    """LiteLLM's id of the call; a failed try and the answer after it share one, so that failures
    have a mark of their own."""
    for name in ("litellm_call_id", "call_id", "id"):
        if found := text_in(payload.get(name), 100):
            return ID_PREFIX + found
    made = raw or msgspec.json.encode(payload, order="deterministic")
    return ID_PREFIX + hashlib.blake2b(made, digest_size=16).hexdigest()


def _has_failed(payload: Mapping[str, Any]) -> bool:
    status = payload.get("status")
    if status is None:
        status = object_in(payload.get("status_fields")).get("llm_api_status")
    if status in (SUCCESS, FAILURE):
        return bool(status == FAILURE)
    return bool(payload.get("error_str") or object_in(payload.get("error_information")))


def _input(payload: Mapping[str, Any], parameters: Mapping[str, Any]) -> Json:
    given = payload.get("messages")
    messages = read_messages(given)
    if messages is None:
        return open_json(given)
    return with_tools(messages, parameters.get("tools"))


def _read_answer(payload: Mapping[str, Any], call: ToldCall) -> None:
    response = open_json(payload.get("response"))
    found = response if isinstance(response, dict) else {}
    call.fill(
        model=payload.get("model"),
        served_by=found.get("model"),
        output=None if call.failed else read_answer(response),
        usage=_tokens(payload, found, call.failed is True).as_usage(),
        cost=_cost(payload, call.failed is True),
    )
    if call.failed:
        error = object_in(payload.get("error_information"))
        call.error = {
            name: value
            for name, value in {
                "type": error.get("error_class"),
                "code": error.get("error_code"),
                "message": error.get("error_message") or payload.get("error_str"),
            }.items()
            if value
        }


def _tokens(payload: Mapping[str, Any], response: Mapping[str, Any], failed: bool) -> Tokens:
    """The counts LiteLLM made, with the parts the provider told. What failed used nothing that
    is known: its zeros are unknown."""
    metadata = object_in(payload.get("metadata"))
    told = read_usage(
        object_in(metadata.get("usage_object"))
        or object_in(response.get("usage"))
        or object_in(payload.get("usage"))
    )
    asked, answered = (number_in(payload.get(name)) for name in NUMBERS)
    if failed:
        asked, answered, told = asked or None, answered or None, Tokens()
    known = [count for count in (asked, told.input) if count is not None]
    tokens = Tokens(
        max(known) if known else None,
        told.output if answered is None else answered,
        told.cached,
        told.written,
        told.reasoning,
        told.extended,
    )
    return parts_included(tokens, number_in(payload.get("total_tokens")))


def _cost(payload: Mapping[str, Any], failed: bool) -> float | None:
    """0 where LiteLLM could not find a price, and for what failed, is unknown."""
    cost = number_in(payload.get("response_cost", payload.get("cost")))
    if not cost and (failed or payload.get("response_cost_failure_debug_info")):
        return None
    return cost


def _own_trace(payload: Mapping[str, Any]) -> str | None:
    """What the caller named as `session_id` or `trace_id`; LiteLLM makes a UUID where it named none."""
    name = text_in(payload.get("trace_id"))
    try:
        return None if name is None or uuid.UUID(name) else name
    except ValueError:
        return name


def _read_notes(payload: Mapping[str, Any], call: ToldCall) -> None:
    metadata = object_in(payload.get("metadata"))
    asked = object_in(metadata.get("requester_metadata"))
    asked = object_in(metadata.get("spend_logs_metadata")) | asked
    call.fill(
        session=payload.get("session_id") or asked.get("session_id") or _own_trace(payload),
        task_type=asked.get("task_type"),
        decision=asked.get("decision_id"),
    )
    hit = payload.get("cache_hit")
    call.fill_tags(
        {
            "user": payload.get("end_user"),
            "provider": payload.get("custom_llm_provider"),
            "tags": list_in(payload.get("request_tags")),
            "cache_hit": True if hit is True or str(hit).lower() == "true" else None,
        }
    )
    call.fill_tags({NOTES[name]: metadata[name] for name in NOTES if metadata.get(name)})
