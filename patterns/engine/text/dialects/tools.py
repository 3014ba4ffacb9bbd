"""The names of the tools a request offers, in the spellings of the SDKs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from patterns.engine.domain.observation import Json


def tool_names(body: Mapping[str, Any]) -> frozenset[str]:
    """The tools of a request body: `tools`, `functions`, `toolConfig`, function declarations."""
    config = body.get("toolConfig", body.get("tool_config"))
    holders = [body.get("tools"), body.get("functions")]
    if isinstance(config, Mapping):
        holders.append(config.get("tools"))
    return frozenset(name for holder in holders for name in _names_in(holder))


def _names_in(tools: Json) -> Iterator[str]:
    for tool in tools if isinstance(tools, list) else ():
        if not isinstance(tool, Mapping):
            continue
        declared = tool.get("functionDeclarations", tool.get("function_declarations"))
        if isinstance(declared, list):
            yield from _names_in(declared)
            continue
        inner = tool.get("function", tool.get("toolSpec", tool))
        name = inner.get("name", inner.get("type")) if isinstance(inner, Mapping) else None
        if isinstance(name, str):
            yield name
