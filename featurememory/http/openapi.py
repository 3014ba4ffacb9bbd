"""Describes endpoints for OpenAPI, from the msgspec types that parse their bodies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema

F = TypeVar("F", bound=Callable[..., Any])

OBJECT: dict[str, Any] = {"type": "object", "additionalProperties": True}
PAGE: dict[str, Any] = {
    "type": "object",
    "required": ["data", "meta"],
    "properties": {
        "data": {"type": "array", "items": OBJECT},
        "meta": {
            "type": "object",
            "properties": {
                "next_cursor": {"type": "string", "nullable": True},
                "limit": {"type": "integer"},
            },
        },
    },
}
PROBLEM: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "instance", "code", "request_id"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "code": {"type": "string"},
        "errors": {"type": "array", "items": OBJECT},
        "request_id": {"type": "string"},
    },
}


def schema_of(shape: Any) -> dict[str, Any]:
    """The JSON schema of a msgspec type, with its parts inlined."""
    (schema,), parts = msgspec.json.schema_components([shape], ref_template="#/{name}")

    def inlined(value: Any) -> Any:
        if isinstance(value, list):
            return [inlined(entry) for entry in value]
        if not isinstance(value, dict):
            return value
        if "$ref" in value:
            beside = {name: entry for name, entry in value.items() if name != "$ref"}
            part: dict[str, Any] = inlined(parts[value["$ref"].rsplit("/", 1)[-1]])
            return part | beside
        # Unknown members are accepted everywhere: a body with one more is no error.
        closed = value.get("additionalProperties") is False
        members = {name: inlined(entry) for name, entry in value.items()}
        return members | {"additionalProperties": True} if closed else members

    found: dict[str, Any] = inlined(schema)
    return found


def described(
    summary: str,
    *,
    body: Any = None,
    answer: dict[str, Any] | None = None,
    status: int = 200,
    query: dict[str, str] | None = None,
    many: bool = False,
) -> Callable[[F], F]:
    """`extend_schema` for our endpoints: a msgspec body, query parameters with their help."""
    if many:
        query = {
            "limit": "Rows per page, 1 to 200, default 50",
            "cursor": "Of meta.next_cursor",
        } | (query or {})
    return extend_schema(
        summary=summary,
        request={"application/json": schema_of(body)} if body is not None else None,
        responses={
            status: OpenApiResponse(answer or (PAGE if many else OBJECT), description="Done"),
            "4XX": OpenApiResponse(PROBLEM, description="A problem (RFC 9457)"),
        },
        parameters=[
            OpenApiParameter(name, OpenApiTypes.STR, description=help_text)
            for name, help_text in (query or {}).items()
        ],
    )
