"""Payloads in the database: JSON, compressed with Zstandard (RFC 8878).

The first byte names the dictionary (0: none), so that a trained one can come later.
"""

from __future__ import annotations

import json
import threading
from typing import Any

import msgspec
import zstandard

LEVEL = 3
_local = threading.local()


def _tools() -> tuple[zstandard.ZstdCompressor, zstandard.ZstdDecompressor]:
    """One pair a thread: neither may be used by two threads at once."""
    if not hasattr(_local, "pair"):
        _local.pair = zstandard.ZstdCompressor(level=LEVEL), zstandard.ZstdDecompressor()
    pair: tuple[zstandard.ZstdCompressor, zstandard.ZstdDecompressor] = _local.pair
    return pair


def pack(content: dict[str, Any]) -> bytes:
    return b"\x00" + _tools()[0].compress(msgspec.json.encode(content))


def unpack_raw(data: bytes) -> bytes:
    """The payload's JSON text, as bytes. ValueError when the row is damaged."""
    try:
        return _tools()[1].decompress(bytes(data)[1:])
    except zstandard.ZstdError as error:
        raise ValueError(f"the payload is damaged: {error}") from error


def unpack(data: bytes) -> dict[str, Any]:
    """The payload as values. Numbers beyond the range of a float become infinite, as in json."""
    raw = unpack_raw(data)
    try:
        value = msgspec.json.decode(raw)
    except msgspec.DecodeError:
        value = json.loads(raw)
    if not isinstance(value, dict):
        raise ValueError("the payload is damaged: no object")
    return value


def unpack_parts(data: bytes) -> dict[str, msgspec.Raw]:
    """The payload's members as they were sent."""
    return msgspec.json.decode(unpack_raw(data), type=dict[str, msgspec.Raw])
