"""The SDK's description of a request, with another body."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from featurememory_client.asking.decision import Decision

RAW_HEADER = "x-stainless-raw-response"


def change_options(options: Any, body: dict[str, Any], limit: dict[str, Any] | None) -> Any:
    changed = copy.copy(options)
    changed.json_data = body
    changed.extra_json = None  # it is in the body already
    if limit:
        changed.timeout = limit["timeout_ms"] / 1000
        changed.max_retries = limit["retries"]
    return changed


def find_timeout(decision: Decision) -> dict[str, Any] | None:
    """How long to wait for the answer, where that was decided: `timeout_ms` and `retries`."""
    for applied in decision.applied:
        params = applied.get("params")
        if applied.get("type") != "timeout" or applied.get("arm") == "holdout":
            continue
        if isinstance(params, dict) and is_whole(params.get("timeout_ms")):
            retries = params.get("retries")
            return {**params, "retries": retries if is_whole(retries) else 0}
    return None


def is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def make_shadow_options(options: Any, body: dict[str, Any]) -> Any:
    """A request like the caller's, for plain JSON: not raw, not streamed, parsed by nobody."""
    given: dict[str, Any] = {
        "method": "post",
        "url": options.url,
        "params": options.params,
        "timeout": options.timeout,
        "json_data": {n: v for n, v in body.items() if n not in ("stream", "stream_options")},
    }
    if isinstance(options.headers, Mapping):
        headers = options.headers.items()
        given["headers"] = {n: v for n, v in headers if n.lower() != RAW_HEADER}
    security = getattr(options, "security", None)
    if security is not None:
        given["security"] = security
    return type(options).construct(**given)
