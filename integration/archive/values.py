"""Values of columns as JSON, the same text from every database, and back."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import models

from patterns.storage.payloads import Stored, pack_json, unpack_json

# From here on every float is a whole number, and PostgreSQL gives it back as an integer.
WHOLE_FROM = 1e15
# No payload has this dictionary: it marks what was damaged before it was exported.
DAMAGED = b"\xff"


def encode_value(field: models.Field[Any, Any], value: Any) -> Any:
    if value is None:
        return None
    if isinstance(field, models.BinaryField):
        return base64.b64encode(bytes(value)).decode("ascii")
    if isinstance(field, models.DateTimeField):
        return value.astimezone(UTC).isoformat()
    if isinstance(field, models.JSONField):
        return normalize_json(value)
    return str(value) if isinstance(value, UUID) else value


def decode_value(field: models.Field[Any, Any], value: Any) -> Any:
    if value is None:
        return None
    if isinstance(field, models.BinaryField):
        return base64.b64decode(value, validate=True)
    if isinstance(field, models.DateTimeField):
        return datetime.fromisoformat(value)
    return UUID(value) if isinstance(field, models.UUIDField) else value


def normalize_json(value: Any) -> Any:
    """PostgreSQL stores numbers without an exponent and without a negative zero: 1e16 comes back as an
    integer."""
    if isinstance(value, dict):
        return {name: normalize_json(one) for name, one in value.items()}
    if isinstance(value, list):
        return [normalize_json(one) for one in value]
    if isinstance(value, float) and WHOLE_FROM <= abs(value) < float("inf"):
        return int(value)
    return 0.0 if value == 0 and isinstance(value, float) else value


def encode_content(data: Stored) -> dict[str, str]:
    """A payload's JSON text as it is, free of the server's dictionary."""
    try:
        return {"text": unpack_json(data).decode()}
    except UnicodeDecodeError:
        return {"bytes": base64.b64encode(unpack_json(data)).decode("ascii")}
    except ValueError:
        return {"damaged": base64.b64encode(bytes(data)[1:]).decode("ascii")}


def decode_content(content: dict[str, str]) -> bytes:
    """The payload for this server's column."""
    if "text" in content:
        return pack_json(content["text"].encode())
    if "bytes" in content:
        return pack_json(base64.b64decode(content["bytes"], validate=True))
    return DAMAGED + base64.b64decode(content["damaged"], validate=True)


def encode_line(values: Any) -> bytes:
    """One line of ASCII with sorted names: the same values give the same bytes."""
    text = json.dumps(values, sort_keys=True, separators=(",", ":"))
    return text.encode("ascii") + b"\n"


def decode_line(line: bytes) -> Any:
    return json.loads(line)
