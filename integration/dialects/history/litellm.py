"""LiteLLM: rows of its table LiteLLM_SpendLogs, and callback payloads kept in files."""

from __future__ import annotations

from collections.abc import Iterator

from integration.dialects import litellm
from integration.dialects.history.rows import Imported, Row, Rows, first_of, read_each
from integration.dialects.json_values import Json, list_in, object_in, open_json

# What of the proxy's request are parameters of the model.
PARAMETERS = {
    "frequency_penalty",
    "max_completion_tokens",
    "max_tokens",
    "n",
    "presence_penalty",
    "reasoning_effort",
    "response_format",
    "seed",
    "stop",
    "stream",
    "temperature",
    "tool_choice",
    "tools",
    "top_k",
    "top_p",
}


def read(rows: Rows) -> Iterator[Imported]:
    return read_each(rows, read_row)


def read_row(row: Row) -> dict[str, Json]:
    return litellm.read_payload(dict(_payload(row) if "spend" in row else row))


def _payload(row: Row) -> dict[str, Json]:
    """The row as the callback would have told it. Texts are there only where LiteLLM was set to
    keep them (`store_prompts_in_spend_logs`)."""
    asked = object_in(row.get("proxy_server_request"))
    metadata = object_in(row.get("metadata"))
    milliseconds = first_of(row, "request_duration_ms")
    return {
        "litellm_call_id": first_of(row, "litellm_call_id", "request_id"),
        "model": row.get("model") or row.get("model_group"),
        "custom_llm_provider": row.get("custom_llm_provider"),
        "status": row.get("status") or metadata.get("status"),
        "startTime": row.get("startTime"),
        "endTime": row.get("endTime"),
        "response_time": None if milliseconds is None else _seconds(milliseconds),
        "messages": _texts(row.get("messages"))
        or _texts(asked.get("messages"))
        or asked.get("input"),
        "response": _texts(row.get("response")),
        "model_parameters": {name: asked[name] for name in PARAMETERS if name in asked},
        "prompt_tokens": row.get("prompt_tokens"),
        "completion_tokens": row.get("completion_tokens"),
        "total_tokens": row.get("total_tokens"),
        "response_cost": row.get("spend"),
        "cache_hit": row.get("cache_hit"),
        "session_id": row.get("session_id"),
        "end_user": row.get("end_user") or row.get("user"),
        "request_tags": list_in(row.get("request_tags")),
        "metadata": metadata,
        "error_information": metadata.get("error_information"),
    }


def _texts(value: Json) -> Json:
    """`{}` stands for texts that were not kept."""
    found = open_json(value)
    return found if found not in ({}, [], "", "{}") else None


def _seconds(milliseconds: Json) -> Json:
    return milliseconds / 1000 if isinstance(milliseconds, int | float) else None
