"""JSON in a column of its own, compressed without the trained dictionaries of payloads: those are replaced
after an erasure, and differ from server to server."""

from __future__ import annotations

from typing import Any

import msgspec
import zstandard

MOST_BYTES = 64 << 20


def pack_json(content: dict[str, Any]) -> bytes:
    return zstandard.compress(msgspec.json.encode(content), 3)


def read_json(data: bytes | memoryview) -> dict[str, Any]:
    """Empty when it is damaged."""
    try:
        text = zstandard.decompress(bytes(data), max_output_size=MOST_BYTES)
        found = msgspec.json.decode(text)
    except (zstandard.ZstdError, msgspec.DecodeError):
        return {}
    return found if isinstance(found, dict) else {}
