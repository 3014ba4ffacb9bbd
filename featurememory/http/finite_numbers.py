"""Refuses numbers that no float can hold, with its pointer.

`1e999` and an integer of 400 digits are JSON, but most parsers read them as infinity, which is none.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import msgspec

from featurememory.errors import FeatureMemoryError, invalid

# Every number beyond a float has an exponent of three digits, which msgspec refuses, or 209 digits in a row.
# Translated and searched, 1 kB takes 1 µs; a regular expression for it took 27.
DIGITS = bytes(ord("0") if 48 <= byte <= 57 else ord(" ") for byte in range(256))
LONG = b"0" * 200


def require_finite(raw: bytes) -> None:
    """Raise 422 for valid JSON with a number beyond the range of a float."""
    try:
        msgspec.json.decode(raw)
    except msgspec.ValidationError as error:
        raise make_infinite_error(find_infinite(raw) or "") from error
    require_finite_integers(raw)


def require_finite_integers(raw: bytes) -> None:
    """Raise 422 for an integer beyond the range of a float."""
    if LONG in raw.translate(DIGITS) and (pointer := find_infinite(raw)) is not None:
        raise make_infinite_error(pointer)


def require_64_bits(raw: bytes) -> None:
    """Raise 422 for an integer beyond 64 bits: what we keep as MessagePack has no others."""
    if b"0" * 19 in raw.translate(DIGITS):
        pointer = find_infinite(raw, read_64_bits)
        if pointer is not None:
            raise invalid("is an integer beyond 64 bits; send it as a text", pointer, "range")


def read_64_bits(digits: str) -> float:
    """The number, infinite when it has more than 64 bits."""
    small = len(digits) <= 20 and -(2**63) <= int(digits) < 2**64
    return float(digits) if small else math.inf


def make_infinite_error(pointer: str) -> FeatureMemoryError:
    return invalid("is a number beyond the range of a float (1.8e308)", pointer, "range")


def find_infinite(raw: bytes, read: Callable[[str], float] = float) -> str | None:
    """The JSON pointer of a number that is infinite as a float; None when there is none."""
    waiting: list[tuple[str, Any]] = [("", json.loads(raw, parse_int=read))]
    while waiting:
        pointer, value = waiting.pop()
        if isinstance(value, float) and math.isinf(value):
            return pointer
        pairs = enumerate(value) if isinstance(value, list) else ()
        members = value.items() if isinstance(value, dict) else pairs
        waiting += [(f"{pointer}/{escape_name(name)}", part) for name, part in members]
    return None


def escape_name(name: object) -> str:
    """A member's name in a JSON pointer (RFC 6901)."""
    return str(name)[:100].replace("~", "~0").replace("/", "~1")
