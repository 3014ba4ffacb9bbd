"""Attributes in protobuf: KeyValue and AnyValue of `common/v1/common.proto`."""

from __future__ import annotations

import struct
from base64 import b64encode
from collections.abc import Callable
from functools import lru_cache

from integration.dialects.json_values import Json
from integration.dialects.otlp.span import (
    LONGEST_NAME,
    MOST_ATTRIBUTES,
    Attributes,
    SpanRefused,
)
from integration.dialects.otlp.wire import (
    SHORT,
    Budget,
    Data,
    Value,
    integer_in,
    message_in,
    read_fields,
    text_in_field,
)

DEEPEST = 20
SHARED_BY_NONE = (list, dict)
# Spans of one request repeat most of their short attributes: these are read once. Less than 5 MB.
MOST_KNOWN = 10_000
KEY, VALUE, TEXT, NUMBER = 0x0A, 0x12, 0x0A, 0x18  # the tags of those fields


class AttributeReader:
    """Reads the attributes of one request against its budget."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.known: dict[Data, tuple[str, Json]] = {}

    def put(self, into: Attributes, given: Value) -> None:
        """One KeyValue into the attributes. SpanRefused when there are too many."""
        name, value = self.read(bytes(message_in(given)))
        into[name] = value
        self.check_room(into)

    def check_room(self, pairs: Attributes) -> None:
        if len(pairs) > MOST_ATTRIBUTES:
            raise SpanRefused(f"attributes: more than {MOST_ATTRIBUTES:,}")

    def read(self, data: Data) -> tuple[str, Json]:
        """Lists and objects are not shared by spans: whoever changed one would change all."""
        data = bytes(data)
        found = read_usual_pair(data) or self.read_pair(data, 0)
        short = len(data) < SHORT and len(self.known) < MOST_KNOWN
        if short and not isinstance(found[1], SHARED_BY_NONE):
            self.known[data] = found
        return found

    def read_pair(self, data: Data, depth: int) -> tuple[str, Json]:
        """Name and value, field by field."""
        name, found = "", None
        for number, value in read_fields(data, self.budget):
            if number == 1:
                name = text_in_field(value)
            elif number == 2:
                found = self._value(message_in(value), depth)
        return name[:LONGEST_NAME], found

    def _value(self, data: Data, depth: int) -> Json:
        if depth > DEEPEST:
            raise SpanRefused(f"attributes: nested more than {DEEPEST} levels deep")
        found: Json = None
        for number, value in read_fields(data, self.budget):
            if number == 1:
                found = text_in_field(value)
            elif number == 5:
                found = [self._value(part, depth + 1) for part in self._inside(value)]
            elif number == 6:
                found = dict(self.read_pair(part, depth + 1) for part in self._inside(value))
                if len(found) > MOST_ATTRIBUTES:
                    raise SpanRefused(f"attributes: more than {MOST_ATTRIBUTES:,}")
            elif number in SCALARS:
                found = SCALARS[number](value)
        return found

    def _inside(self, value: Value) -> list[Data]:
        """The values of an array or of a list of pairs."""
        parts = read_fields(message_in(value), self.budget)
        return [message_in(part) for number, part in parts if number == 1]


def read_usual_pair(data: bytes) -> tuple[str, Json] | None:
    """A KeyValue as all SDKs write it: a name below 128 bytes, then a text or a small number.

    None for everything else, which is read field by field in three times as long.
    """
    if len(data) < 6 or data[0] != KEY or data[1] > 127:
        return None
    value = 2 + data[1]
    rest = len(data) - value
    header = SHORT_HEADERS[rest] if rest < len(SHORT_HEADERS) else long_header(rest)
    if data.startswith(header, value):
        found: Json = str(data[value + len(header) :], "utf-8", "replace")
    elif data.startswith(COUNT_HEADER, value) and rest == 5 and data[-2] > 127 > data[-1]:
        found = data[-2] & 127 | data[-1] << 7
    else:
        return None
    return str(data[2:value], "utf-8", "replace"), found


@lru_cache(1 << 14)
def long_header(rest: int) -> bytes:
    """What a value of `rest` bytes begins with when it is a text: two tags, each with a length."""
    inner, text = rest - 3, rest - 6
    if inner >> 14:
        return NO_HEADER
    return bytes((VALUE, inner & 127 | 128, inner >> 7, TEXT, text & 127 | 128, text >> 7))


def short_header(rest: int) -> bytes:
    return bytes((VALUE, rest - 2, TEXT, rest - 4)) if rest >= 4 else NO_HEADER


NO_HEADER = b"\xff"  # begins no value
COUNT_HEADER = bytes((VALUE, 3, NUMBER))  # of an integer from 128 to 16,383
SHORT_HEADERS = [short_header(rest) for rest in range(130)]


def _signed(value: Value) -> int:
    number = integer_in(value)
    return number - (1 << 64) if number >= 1 << 63 else number


def _double(value: Value) -> float:
    found: float = struct.unpack("<d", (integer_in(value) & (1 << 64) - 1).to_bytes(8, "little"))[0]
    return found


SCALARS: dict[int, Callable[[Value], Json]] = {
    2: lambda value: integer_in(value) != 0,
    3: _signed,
    4: _double,
    7: lambda value: b64encode(message_in(value)).decode(),
}
