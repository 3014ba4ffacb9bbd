"""Keyed assignment of units to arms, which nobody can predict without the key."""

from __future__ import annotations

import hashlib

FLOOR, CEILING = 0.02, 0.98  # no arm has a probability between 0 and FLOOR


def assign_position(salt: bytes, *parts: str) -> float:
    """A number in [0, 1) that only the holder of the salt can predict; equal for equal parts."""
    text = "\x1f".join(parts).encode()
    digest = hashlib.blake2b(text, key=salt[:64], digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64
