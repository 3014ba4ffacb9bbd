"""Names for calls, made here so that a call sent twice is stored once."""

from __future__ import annotations

import os
import time


def make_id() -> str:
    """A UUIDv7 (RFC 9562). From the system's randomness: a forked child never repeats its parent.

    >>> make_id()[14]
    '7'
    """
    milliseconds = time.time_ns() // 1_000_000
    chance = int.from_bytes(os.urandom(10), "big")
    high = (milliseconds << 16) | 0x7000 | (chance >> 68)
    low = (0b10 << 62) | (chance & ((1 << 62) - 1))
    text = f"{(high << 64) | low:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
