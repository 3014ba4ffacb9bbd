"""The type of a slot value: number, id, uuid, url, email, path, date, code, quoted, json, text …"""

from __future__ import annotations

from patterns.engine.domain.observation import Json
from patterns.engine.text.tokens import tokenize


def classify_value(value: Json) -> str:
    """The name of the type of a slot value."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, list):
        return "vector" if value and all(isinstance(v, int | float) for v in value) else "json"
    if isinstance(value, str):
        return _classify_text(value)
    return "json"


def _classify_text(text: str) -> str:
    stripped = text.strip()
    if "```" in stripped:
        return "code"
    tokens = tokenize(stripped[:400])
    if len(tokens) == 1:
        return {"hex": "id", "word": "text", "mark": "text", "break": "text"}.get(
            tokens[0].kind, tokens[0].kind
        )
    if stripped[:1] in "/~" and " " not in stripped:
        return "path"
    if len(stripped) > 1 and stripped[0] in "\"'" and stripped[-1] == stripped[0]:
        return "quoted"
    return "id" if " " not in stripped and any(c.isdigit() for c in stripped) else "text"
