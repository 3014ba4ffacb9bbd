"""What a provider answers. Words in the task steer it: [tool] [429] [500] [400] [cut]."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx

USAGE = {
    "prompt_tokens": 100,
    "completion_tokens": 20,
    "prompt_tokens_details": {"cached_tokens": 40},
    "completion_tokens_details": {"reasoning_tokens": 5},
}
RECORDED_USAGE = {
    "input_tokens": 100,
    "output_tokens": 20,
    "cached_input_tokens": 40,
    "reasoning_tokens": 5,
}


class FakeModel:
    """A transport for httpx; `requests` are (body, names of headers, when)."""

    def __init__(self) -> None:
        self.requests: list[tuple[dict[str, Any], list[str], float]] = []
        self.failures = 0  # of requests with [once]

    def answer(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        self.requests.append((body, sorted(request.headers), time.monotonic()))
        text = last_text(body)
        status = next(
            (code for code in (400, 429, 500) if f"[{code}]" in text + body["model"]), 200
        )
        if "[once]" in text and not self.failures:
            self.failures, status = 1, 500
        if status != 200:
            error = {"error": {"message": f"no {status}", "type": "x"}}
            return httpx.Response(status, json=error)
        make = MAKERS[request.url.path.rsplit("/", 1)[-1]]
        whole, events = make(f"{body['model']}-2025", f"echo {text}", body)
        if not body.get("stream"):
            return httpx.Response(200, json=whole)
        kind = {"content-type": "text/event-stream"}
        return httpx.Response(200, headers=kind, stream=Events(events, "[cut]" in text))

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [body for body, _, _ in self.requests]


class Events(httpx.SyncByteStream, httpx.AsyncByteStream):
    def __init__(self, events: list[Any], is_cut: bool) -> None:
        self._lines = [self._line(event) for event in events]
        self._is_cut = is_cut

    def _line(self, event: Any) -> bytes:
        named = isinstance(event, dict) and "type" in event
        text = event if isinstance(event, str) else json.dumps(event)
        return (
            f"event: {event['type']}\n" if named else ""
        ).encode() + f"data: {text}\n\n".encode()

    def __iter__(self) -> Any:
        for number, line in enumerate(self._lines):
            if self._is_cut and number == 2:
                raise httpx.RemoteProtocolError("peer closed the connection")
            yield line

    async def __aiter__(self) -> Any:
        for line in self:
            yield line


def last_text(body: dict[str, Any]) -> str:
    asked = body.get("messages") or body.get("input") or ""
    if isinstance(asked, str):
        return asked
    last = asked[-1]
    return str(last if isinstance(last, str) else last["content"])


def thirds(text: str) -> list[str]:
    size = len(text) // 3
    return [text[:size], text[size : 2 * size], text[2 * size :]]


def chat(model: str, text: str, body: dict[str, Any]) -> tuple[dict[str, Any], list[Any]]:
    head = {"id": "c", "created": 1, "model": model}
    function = {"name": "find_order", "arguments": '{"ticket": "T-77"}'}
    call = {"id": "call_1", "type": "function", "function": function}
    tool = "[tool]" in text
    message: dict[str, Any] = {"role": "assistant", "content": None if tool else text}
    message |= {"tool_calls": [call]} if tool else {}
    end = "tool_calls" if tool else "stop"
    choice = {"index": 0, "message": message, "finish_reason": end, "logprobs": None}
    whole = {**head, "object": "chat.completion", "usage": USAGE, "choices": [choice]}
    deltas: list[dict[str, Any]] = [{"content": part} for part in thirds(text)]
    if tool:
        parts = ('{"ticket": "T-', '77"}')
        first = {"index": 0, **call, "function": {**function, "arguments": parts[0]}}
        deltas = [{"tool_calls": [first]}]
        deltas.append({"tool_calls": [{"index": 0, "function": {"arguments": parts[1]}}]})
    chunk = {**head, "object": "chat.completion.chunk"}
    events: list[Any] = [
        {**chunk, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
        for delta in deltas
    ]
    events.append({**chunk, "choices": [{"index": 0, "delta": {}, "finish_reason": end}]})
    if (body.get("stream_options") or {}).get("include_usage"):
        events.append({**chunk, "choices": [], "usage": USAGE})
    return whole, [*events, "[DONE]"]


def responses(model: str, text: str, body: dict[str, Any]) -> tuple[dict[str, Any], list[Any]]:
    part = {"type": "output_text", "text": text, "annotations": []}
    item = {"type": "message", "id": "m", "status": "completed", "role": "assistant"}
    whole = {
        "id": "r",
        "object": "response",
        "created_at": 1,
        "model": model,
        "status": "completed",
        "output": [{**item, "content": [part]}],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": {
            "input_tokens": 100,
            "input_tokens_details": {"cached_tokens": 40},
            "output_tokens": 20,
            "output_tokens_details": {"reasoning_tokens": 5},
            "total_tokens": 120,
        },
    }
    place = {"item_id": "m", "output_index": 0, "content_index": 0, "logprobs": []}
    delta = {"type": "response.output_text.delta", **place}
    begun = {**whole, "status": "in_progress", "output": [], "usage": None}
    events: list[dict[str, Any]] = [{"type": "response.created", "response": begun}]
    events += [{**delta, "delta": part} for part in thirds(text)]
    events.append({"type": "response.completed", "response": whole})
    return whole, [{**event, "sequence_number": n} for n, event in enumerate(events)]


def embeddings(model: str, text: str, body: dict[str, Any]) -> tuple[dict[str, Any], list[Any]]:
    vector = {"object": "embedding", "index": 0, "embedding": [0.25, -0.5, 0.125]}
    usage = {"prompt_tokens": 8, "total_tokens": 8}
    return {"object": "list", "model": model, "data": [vector], "usage": usage}, []


def messages(model: str, text: str, body: dict[str, Any]) -> tuple[dict[str, Any], list[Any]]:
    usage = {"input_tokens": 100, "cache_read_input_tokens": 40, "cache_creation_input_tokens": 10}
    head = {"id": "m", "type": "message", "role": "assistant", "model": model}
    block: dict[str, Any] = {"type": "text", "text": text}
    if "[tool]" in text:
        block = {"type": "tool_use", "id": "t", "name": "find_order", "input": {"ticket": "T-77"}}
    whole = {
        **head,
        "content": [block],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {**usage, "output_tokens": 20},
    }
    begun = {**whole, "content": [], "stop_reason": None, "usage": {**usage, "output_tokens": 1}}
    empty = {**block, "input": {}} if "[tool]" in text else {"type": "text", "text": ""}
    kind, name = (
        ("input_json_delta", "partial_json") if "[tool]" in text else ("text_delta", "text")
    )
    parts = thirds('{"ticket": "T-77"}' if "[tool]" in text else text)
    end = {"stop_reason": "end_turn", "stop_sequence": None}
    return whole, [
        {"type": "message_start", "message": begun},
        {"type": "content_block_start", "index": 0, "content_block": empty},
        *(
            {"type": "content_block_delta", "index": 0, "delta": {"type": kind, name: part}}
            for part in parts
        ),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": end, "usage": {"output_tokens": 20}},
        {"type": "message_stop"},
    ]


MAKERS = {
    "completions": chat,
    "responses": responses,
    "embeddings": embeddings,
    "messages": messages,
}
