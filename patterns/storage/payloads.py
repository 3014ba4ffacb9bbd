"""Payloads in the database: JSON, compressed with Zstandard (RFC 8878).

The first byte names the trained dictionary (0: none). Payloads are short and much alike, which
only a dictionary can use: it halves the size of 2.7 kB of JSON.
"""

from __future__ import annotations

import json
import threading
import time
from contextlib import suppress
from functools import lru_cache
from typing import Any, TypeAlias

import msgspec
import zstandard

from patterns.models import Payload, PayloadDictionary

# What a binary column returns: bytes on SQLite, a memoryview on PostgreSQL.
Stored: TypeAlias = bytes | memoryview
LEVEL = 3
# Dictionaries: size, samples to train on, payloads before the first, growth before the next.
SIZE, SAMPLES, FIRST, GROWTH = 64 << 10, 2000, 1000, 20
MOST = 250  # ids are one byte
CHECK_S = 5.0
# For `has_long_number`: digits become 0, all other bytes spaces.
DIGITS = bytes(ord("0") if 48 <= byte <= 57 else ord(" ") for byte in range(256))
LONG = b"0" * 19
_local = threading.local()


class NewestDictionary:
    """The id of the newest dictionary, read at most every CHECK_S seconds."""

    def __init__(self) -> None:
        self.number, self.checked = 0, -CHECK_S

    def get(self) -> int:
        now = time.monotonic()
        if now - self.checked >= CHECK_S:
            self.checked = now
            newest = PayloadDictionary.objects.order_by("-pk").values_list("pk", flat=True)
            self.number = newest.first() or 0
        return self.number

    def expire(self) -> None:
        self.checked = -CHECK_S


newest_dictionary = NewestDictionary()


@lru_cache(maxsize=8)
def load_dictionary(number: int) -> zstandard.ZstdCompressionDict | None:
    if number == 0:
        return None
    data = PayloadDictionary.objects.values_list("data", flat=True).get(pk=number)
    made = zstandard.ZstdCompressionDict(bytes(data))
    made.precompute_compress(level=LEVEL)
    return made


def forget_dictionaries() -> None:
    """Drop all cached dictionaries and compressors, as after a restart."""
    newest_dictionary.expire()
    load_dictionary.cache_clear()
    vars(_local).clear()


def _compressor(number: int) -> zstandard.ZstdCompressor:
    """One per thread: a compressor must not be used by two threads at once."""
    if getattr(_local, "compressor", (None, None))[0] != number:
        made = zstandard.ZstdCompressor(level=LEVEL, dict_data=load_dictionary(number))
        _local.compressor = number, made
    found: zstandard.ZstdCompressor = _local.compressor[1]
    return found


def _decompressor(number: int) -> zstandard.ZstdDecompressor:
    known = _local.__dict__.setdefault("decompressors", {})
    if number not in known:
        if len(known) >= 8:
            known.clear()
        known[number] = zstandard.ZstdDecompressor(dict_data=load_dictionary(number))
    found: zstandard.ZstdDecompressor = known[number]
    return found


def pack_payload(content: dict[str, Any]) -> bytes:
    number = newest_dictionary.get()
    return bytes([number]) + _compressor(number).compress(msgspec.json.encode(content))


def unpack_json(data: Stored) -> bytes:
    """The payload's JSON text, as bytes. ValueError when the row is damaged."""
    content = bytes(data)
    try:
        return _decompressor(content[0]).decompress(content[1:])
    except (zstandard.ZstdError, IndexError, PayloadDictionary.DoesNotExist) as error:
        raise ValueError(f"the payload is damaged: {error}") from error


def unpack_payload(data: Stored) -> dict[str, Any]:
    """The payload as values. Integers beyond 64 bits become floats, since recognisers keep values as
    MessagePack; numbers beyond the range of a float become infinite, as in json."""
    raw = unpack_json(data)
    try:
        value = msgspec.json.decode(raw)
        if has_long_number(raw):
            value = json.loads(raw, parse_int=read_integer)
    except msgspec.DecodeError:
        value = json.loads(raw, parse_int=read_integer)
    if not isinstance(value, dict):
        raise ValueError("the payload is damaged: no object")
    return value


def has_long_number(raw: bytes) -> bool:
    """Whether there are 19 digits in a row, as in every integer beyond 64 bits. Takes 1 µs a kB."""
    return LONG in raw.translate(DIGITS)


def read_integer(digits: str) -> float:
    small = len(digits) <= 20 and -(2**63) <= int(digits) < 2**64
    return int(digits) if small else float(digits)


def unpack_parts(data: Stored) -> dict[str, msgspec.Raw]:
    """The payload's members as they were sent."""
    return msgspec.json.decode(unpack_json(data), type=dict[str, msgspec.Raw])


def is_training_due() -> bool:
    """After FIRST payloads, and again at GROWTH times the number of the last training."""
    newest = Payload.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    last = PayloadDictionary.objects.order_by("-pk").first()
    if last is None:
        return newest >= FIRST
    return newest >= last.trained_on * GROWTH and last.pk < MOST


def train_dictionary() -> PayloadDictionary | None:
    """Train a dictionary on the newest payloads and use it for new ones; None when they are too few or
    too similar."""
    rows = Payload.objects.order_by("-pk").values_list("pk", "data")[:SAMPLES]
    found: dict[int, bytes] = {}
    for number, data in rows:
        with suppress(ValueError):  # damaged payloads are skipped
            found[number] = unpack_json(data)
    try:
        made = zstandard.train_dictionary(SIZE, list(found.values()))
    except zstandard.ZstdError:
        return None
    row = PayloadDictionary.objects.create(data=made.as_bytes(), trained_on=max(found))
    newest_dictionary.expire()
    return row
