"""Where a request can go: every endpoint and page, with a good body or form to damage."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

# What ends the session, the project or the machine's patience (hashing passwords, writing the schema).
LEFT_OUT = {
    *("login", "login_once", "login_code", "sso", "sso_callback", "logout", "password", "theme"),
    *("second_factor", "delete_project", "demo_load", "demo_remove", "end_sessions", "end_session"),
    *("schema", "docs", "project"),
}
LEFT_OUT_PATHS = {"api/v1/project/"}
METADATA = {"timestamp": 1_795_348_800_000, "duration": 5}
ITEM = {
    "model_id": "m",
    "input": "Where is order 7?",
    "output": {"a": [1]},
    "metadata": METADATA,
    "usage": {"input_tokens": 4, "cost": 0.1},
    "parameters": {"temperature": 0.1},
    "tags": {"env": "prod"},
    "session_id": "s",
    "success": True,
    "score": 0.5,
    "error": "late",
    "task_type": "t",
}
TASK = {"model_id": "m", "input": "Where is order 7?", "task_type": "t", "session_id": "s"}
CARD: dict[str, Any] = {
    "model_id": "m",
    "task_types": ["t"],
    "prices": {"input_per_1m": 1},
    "capabilities": {"tunable": {"temperature": [0, 1], "n": {"min": 1, "max": 4}}},
    "enabled": True,
}
CHANGE = {"type": "route_model", "task_type": "t", "model_id": "m", "params": {"model_id": "m2"}}
CONFIG = {
    "patterns": {"confidence_threshold": 0.7, "embedder": "lexical", "embedder_url": ""},
    "optimizations": {"holdout": 0.1},
    "storage": {"max_age": 0, "path": ""},
    "privacy": {"redact": False, "patterns": [{"name": "a", "expression": "b{2}"}], "mode": "full"},
    "audit": {"keep_days": 0},
}
SPAN = {
    "resourceSpans": [
        {
            "scopeSpans": [
                {
                    "spans": [
                        {
                            "traceId": "5b8efff798038103d269b633813fc60c",
                            "spanId": "eee19b7ec3c1b174",
                            "name": "chat",
                            "startTimeUnixNano": "1795348800000000000",
                            "endTimeUnixNano": "1795348801000000000",
                            "attributes": [
                                {"key": "gen_ai.request.model", "value": {"stringValue": "m"}},
                                {"key": "gen_ai.prompt", "value": {"stringValue": "hello"}},
                                {"key": "gen_ai.usage.input_tokens", "value": {"intValue": "5"}},
                            ],
                        }
                    ]
                }
            ]
        }
    ]
}
LITELLM = {
    "litellm_call_id": "c-1",
    "model": "m",
    "messages": [{"role": "user", "content": "hello"}],
    "response": {"choices": [{"message": {"content": "x"}}], "usage": {"prompt_tokens": 3}},
    "startTime": 1_795_348_800.5,
    "endTime": 1_795_348_801.5,
    "status": "success",
}
BODIES: dict[str, Any] = {
    "api/v1/interactions/": ITEM,
    "api/v1/interactions/batch/": [ITEM, ITEM],
    "api/v1/patterns/recognize/": ITEM,
    "api/v1/patterns/prune/": {
        "filter": {"min_confidence": 0.1, "status": "candidate"},
        "dry_run": True,
    },
    "api/v1/patterns/restore/": {"ids": ["{pattern}"]},
    "api/v1/patterns/merge/": {"ids": ["{pattern}", "{pattern}"]},
    "api/v1/patterns/<str:pattern_id>/": {"label": "x", "pinned": True, "status": "validated"},
    "api/v1/patterns/<str:pattern_id>/confidence/": {"success": True},
    "api/v1/patterns/<str:pattern_id>/split/": {"by": "order", "example_ids": ["i-1"]},
    "api/v1/tasks/prepare/": {"task": TASK, "models": ["m"], "dry_run": True},
    "api/v1/models/": CARD,
    "api/v1/optimizations/": CHANGE,
    "api/v1/policy/what-if/": CHANGE,
    "api/v1/feedback/": {"interaction_id": "i-1", "metric_name": "score", "value": 0.4},
    "api/v1/config/": CONFIG,
    "api/v1/config/redaction/": {"patterns": CONFIG["privacy"]["patterns"]},
    "api/v1/erasure/": {"tag": {"user": "u"}},
    "api/v1/jobs/": {"kind": "rollups", "params": {}},
    "api/v1/ingest/litellm/": [LITELLM],
    "^(?:api/public/otel/)?v1/traces/?$": SPAN,
}
OTHER = {"ids": ["{pattern}"], "name": "x", "reason": "because"}


@dataclass(frozen=True)
class Target:
    """`kind` is bodies, filters or pages."""

    kind: str
    method: str
    path: str
    body: Any = field(default=None, hash=False, compare=False)


def list_targets() -> list[Target]:
    return list(find_targets(get_resolver().url_patterns))


def find_targets(patterns: list[Any], prefix: str = "") -> Iterator[Target]:
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            if path != "admin/":
                yield from find_targets(pattern.url_patterns, path)
        elif pattern.name not in LEFT_OUT and path not in LEFT_OUT_PATHS:
            yield from targets_of(path, pattern)


def targets_of(path: str, pattern: URLPattern) -> Iterator[Target]:
    methods = getattr(getattr(pattern.callback, "cls", None), "scopes", None)
    if methods is None:  # a page
        yield Target("pages", "GET", path)
        yield Target("pages", "POST", path)
    for method in methods or ():
        if method == "GET":
            yield Target("filters", method, path)
        else:
            yield Target("bodies", method, path, BODIES.get(path, OTHER))
