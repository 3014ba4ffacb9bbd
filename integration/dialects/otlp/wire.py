"""Reads and writes protobuf's wire format, within bounds.

The usual library builds the whole message first: 16 MiB of empty spans took 1.4 GB and 4 s there,
and one broken span refuses all of them. Here a message is a view of bytes, read field by field
against one budget for the whole request. Format: https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol, TypeAlias

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
# About 1 s of reading. A request of 16 MiB with 70 bytes an attribute has as many.
MOST_FIELDS = 1_000_000
AT_ONCE = 256  # fields of a message that are charged to it together
# Pairs below this many bytes are looked up: to hash a long one takes as long as to read it.
SHORT = 100

# Messages are read from bytes, or from a view where a copy would be large.
Data: TypeAlias = bytes | memoryview
# Varints and fixed numbers come unsigned; texts and messages as parts of the data.
Value: TypeAlias = int | bytes | memoryview
Field: TypeAlias = tuple[int, Value]


class WireError(ValueError):
    """The bytes are no protobuf message."""


class TooManyFields(ValueError):
    """The budget of the request is used up."""


class Budget:
    """Fields that may still be read in a request."""

    def __init__(self, fields: int = MOST_FIELDS) -> None:
        self.left = fields

    def charge(self, fields: int) -> None:
        self.left -= fields
        if self.left < 0:
            raise TooManyFields


class PairTable(Protocol):
    """Reads the pairs of a name and a value, most of which it has seen before: those are `known`."""

    known: dict[Data, tuple[str, Any]]

    def read(self, data: Data) -> tuple[str, Any]: ...

    def check_room(self, pairs: dict[str, Any]) -> None:
        """Raises when there are too many."""


def read_fields(
    data: Data,
    budget: Budget,
    pairs_in: int = 0,
    table: PairTable | None = None,
    pairs: dict[str, Any] | None = None,
) -> Iterator[Field]:
    """(number, value) of each field in order. WireError where the bytes do not go on.

    Nearly all tags and lengths have one byte: they are read here, without a call. So are the pairs
    in field `pairs_in`, which go into `pairs`: most fields of a span are its attributes.
    """
    place, end, count, tag_of_pairs = 0, len(data), 0, pairs_in << 3 | BYTES
    known = {} if table is None else table.known
    try:
        while place < end:
            count += 1
            if count == AT_ONCE:
                budget.charge(count)
                count = 0
                if table is not None and pairs is not None:
                    table.check_room(pairs)
            tag = data[place]
            place += 1
            if tag > 127:
                tag, place = _varint(data, place - 1, end)
            if tag & 7 != BYTES:
                value, place = _number(data, place, end, tag & 7)
                yield tag >> 3, value
                continue
            length = data[place] if place < end else 128
            place += 1
            if length > 127:
                length, place = _varint(data, place - 1, end)
            stop = place + length
            if stop > end:
                raise WireError("a field is longer than its message")
            part = data[place:stop]
            place = stop
            if tag != tag_of_pairs or table is None or pairs is None:
                yield tag >> 3, part
                continue
            found = known.get(part) if length < SHORT else None
            name, content = table.read(part) if found is None else found
            pairs[name] = content
    finally:
        budget.left -= count  # the next charge refuses: here nobody might be waiting any more


def _number(data: Data, place: int, end: int, kind: int) -> tuple[int, int]:
    if kind == VARINT:
        return _varint(data, place, end)
    size = {FIXED64: 8, FIXED32: 4}.get(kind)
    if size is None:
        raise WireError(f"there is no wire type {kind}")
    if size > end - place:
        raise WireError("a number ends too early")
    return int.from_bytes(data[place : place + size], "little"), place + size


def _varint(data: Data, place: int, end: int) -> tuple[int, int]:
    """Seven bits a byte, lowest first; at most ten bytes."""
    value = shift = 0
    while place < end and shift < 70:
        byte = data[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
        shift += 7
    raise WireError("a number does not end")


def message_in(value: Value) -> Data:
    if isinstance(value, int):
        raise WireError("a number stands where a message belongs")
    return value


def text_in_field(value: Value) -> str:
    """A text; broken UTF-8 costs the broken characters, not the span."""
    return str(message_in(value), "utf-8", "replace")


def integer_in(value: Value) -> int:
    if not isinstance(value, int):
        raise WireError("a message stands where a number belongs")
    return value


def write_varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def write_number(number: int, value: int) -> bytes:
    return write_varint(number << 3 | VARINT) + write_varint(value)


def write_bytes(number: int, value: bytes) -> bytes:
    return write_varint(number << 3 | BYTES) + write_varint(len(value)) + value
