"""Names and digests that come out alike in every process: blake2b, never `hash()`."""

from __future__ import annotations

import uuid
from hashlib import blake2b


def digest64(text: str) -> int:
    """A stable 64-bit number for a text; lone surrogates are allowed."""
    return int.from_bytes(blake2b(encode_utf8(text), digest_size=8).digest(), "big")


def encode_utf8(text: str) -> bytes:
    """UTF-8 bytes; lone surrogates are allowed."""
    return text.encode("utf-8", "surrogatepass")


def replace_surrogates(text: str) -> str:
    """The text as UTF-8 can hold it: lone surrogates become replacement characters."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    return text


def digest_hex(text: str) -> str:
    """A stable 64-bit digest of a text as 16 hexadecimal characters."""
    return blake2b(encode_utf8(text), digest_size=8).hexdigest()


def make_pattern_id(timestamp: float, *material: str) -> str:
    """A UUIDv7 (RFC 9562) made of the founding time (seconds) and a digest instead of chance."""
    milliseconds = max(0, min(int(timestamp * 1000), (1 << 48) - 1))
    tail = blake2b(encode_utf8("\x00".join(material)), digest_size=10).digest()
    raw = bytearray(milliseconds.to_bytes(6, "big") + tail)
    raw[6] = 0x70 | raw[6] & 0x0F
    raw[8] = 0x80 | raw[8] & 0x3F
    return str(uuid.UUID(bytes=bytes(raw)))
