"""JSON that came as text, and JSON as text."""

from __future__ import annotations

import msgspec

from patterns.engine.domain.digests import encode_utf8
from patterns.engine.domain.observation import Json


def open_json(value: Json) -> Json:
    """Decodes an object that came as JSON text; any other value stays what it is."""
    if isinstance(value, str) and value[:1] in "{[" and value.rstrip()[-1:] in "}]":
        try:
            parsed = msgspec.json.decode(encode_utf8(value))
        except (msgspec.DecodeError, RecursionError, UnicodeError):
            return value
        return parsed if isinstance(parsed, dict) else value
    return value


def write_json(value: Json) -> str:
    """JSON as text; what cannot be written that way (lone surrogates) as Python shows it."""
    try:
        return msgspec.json.encode(value, order="deterministic").decode()
    except (TypeError, ValueError, RecursionError, UnicodeError):
        return repr(value)
