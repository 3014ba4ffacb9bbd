"""A recorded output as the HTTP response it came from: the SDK makes of it what it always makes."""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Mapping
from typing import Any

from featurememory_client.wrapping.model_calls import ModelCall


def describe_response(
    client: Any,
    made: ModelCall,
    cast_to: Any,
    *,
    stream: bool = False,
    stream_cls: Any = None,
    **_: Any,
) -> dict[str, Any] | None:
    """The arguments for the SDK's own reading of a response; None when nothing is served."""
    answer = write_cached(made)
    if answer is None:
        return None
    http = find_http(client)
    request = http.Request("POST", str(client.base_url), headers=read_headers(made.options))
    kind = "text/event-stream" if stream else "application/json"
    content = write_events(made, answer) if stream else json.dumps(answer).encode()
    response = http.Response(200, headers={"content-type": kind}, content=content, request=request)
    given = {
        "cast_to": cast_to,
        "options": made.options,
        "response": response,
        "stream": stream,
        "stream_cls": stream_cls,
        "retries_taken": 0,
    }
    taken = inspect.signature(client._process_response).parameters
    made.is_cached = True
    return {name: value for name, value in given.items() if name in taken}


def find_http(client: Any) -> Any:
    """httpx or httpx2, whichever this client sends with; its own class may be a subclass of either."""
    names = [base.__module__.partition(".")[0] for base in type(client._client).__mro__]
    return next(sys.modules[name] for name in names if name.startswith("httpx"))


def read_headers(options: Any) -> dict[str, str]:
    """What the SDK looks at when it reads the response: whether it is wanted raw."""
    given = options.headers if isinstance(options.headers, Mapping) else {}
    return {name: value for name, value in given.items() if isinstance(value, str)}


def write_cached(made: ModelCall) -> dict[str, Any] | None:
    decision = made.decision
    if decision is None or decision.cached_output is None:
        return None
    answer = made.dialect.write_answer(decision.cached_output, str(made.asked.model_id))
    if answer is None:
        made.forget_decision()
    return answer


def write_events(made: ModelCall, answer: dict[str, Any]) -> bytes:
    """As server-sent events."""
    lines = []
    for event in made.dialect.write_events(answer):
        if "type" in event:
            lines.append(f"event: {event['type']}\n")
        lines.append(f"data: {json.dumps(event)}\n\n")
    return "".join([*lines, "data: [DONE]\n\n"]).encode()
