"""Members of a span in OTLP/JSON: ids, times and the status, each in any of its spellings."""

from __future__ import annotations

import binascii
from base64 import b64decode

from integration.dialects.json_values import Json
from integration.dialects.otlp.span import SpanRefused

STATUS = {"STATUS_CODE_UNSET": 0, "STATUS_CODE_OK": 1, "STATUS_CODE_ERROR": 2}


def read_status(code: Json) -> int:
    return STATUS.get(code, 0) if isinstance(code, str) else code if isinstance(code, int) else 0


def read_id(value: Json, size: int, name: str) -> str:
    """Hex as OTLP/JSON has it; base64 as protobuf's own JSON mapping has it, by its length."""
    if value in (None, ""):
        return ""
    if isinstance(value, str) and len(value) < 64:
        try:
            raw = (
                bytes.fromhex(value) if len(value) == 2 * size else b64decode(value, validate=True)
            )
        except (ValueError, binascii.Error):
            raw = b""
        if len(raw) == size:
            return raw.hex()
    raise SpanRefused(f"{name}: must be {2 * size} hex digits")


def read_integer(value: Json, name: str) -> int:
    if isinstance(value, str) and len(value) <= 20 and value.isascii() and value.isdecimal():
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise SpanRefused(f"{name}: must be an integer, nanoseconds since the epoch")
