"""Bytes of a file as rows, one after the other: JSON lines, or one large JSON array."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, TypeAlias

import msgspec

from featurememory.errors import (
    ErrorCode,
    FeatureMemoryError,
    handle_feature_memory_error,
    invalid,
)
from integration.dialects.json_values import Json

LONGEST_ROW = 16 << 20
BOM = b"\xef\xbb\xbf"
Row: TypeAlias = Mapping[str, Any]
# A row that cannot be read stands as the error that says why.
Rows: TypeAlias = Iterable[Row | FeatureMemoryError]
# The number of the row, counted from 1, and what became of it.
Imported: TypeAlias = tuple[int, dict[str, Json] | FeatureMemoryError]

STRUCTURE, IN_STRING = re.compile(rb'["\[\]{}]'), re.compile(rb'["\\]')


def read_rows(chunks: Iterable[bytes]) -> Iterator[Row | FeatureMemoryError]:
    """The rows of a JSON file."""
    return map(row_of, read_items(chunks))


def read_items(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Its rows as they are written; whether it is lines or an array is told by its first bytes."""
    start, stream = b"", iter(chunks)
    for chunk in stream:
        start += chunk
        if start.strip():
            break
    rest = chain([start.removeprefix(b"\xef\xbb\xbf")], stream)
    is_array = start.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"["
    return split_array(rest) if is_array else lines_of(rest)


def lines_of(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Lines that are not blank, from chunks cut anywhere."""
    left, size = [b""], 0
    for chunk in chunks:
        first, *more = chunk.split(b"\n")
        left.append(first)
        size += len(first)
        if size > LONGEST_ROW:
            raise _too_long()
        for line in more:
            yield from _kept(b"".join(left))
            left, size = [line], len(line)
    yield from _kept(b"".join(left))


def _kept(line: bytes) -> Iterator[bytes]:
    if line.strip():
        yield line


def split_array(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The objects of one JSON array, without reading the array as a whole."""
    splitter = _Splitter()
    for chunk in chunks:
        yield from splitter.feed(chunk)


class _Splitter:
    """Follows brackets and strings; an element begins and ends one level inside the array."""

    def __init__(self) -> None:
        self.depth, self.in_string, self.escaped = 0, False, False
        self.element: list[bytes] = []
        self.size = 0

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        place, begun = 0, 0
        while (found := self._next(chunk, place)) is not None:
            place = found + 1
            if self.in_string or chunk[found] == 0x22:
                self._string(chunk, found)
            elif chunk[found] in b"[{":
                self.depth += 1
                begun = found if self.depth == 2 else begun
            else:
                self.depth -= 1
                if self.depth == 1:
                    yield self._taken(chunk[begun:place])
        if self.depth > 1:
            self._hold(chunk[begun:])

    def _next(self, chunk: bytes, place: int) -> int | None:
        if self.escaped and place < len(chunk):  # the byte after a backslash means nothing
            self.escaped, place = False, place + 1
        found = (IN_STRING if self.in_string else STRUCTURE).search(chunk, place)
        return found.start() if found else None

    def _string(self, chunk: bytes, place: int) -> None:
        if chunk[place] == 0x22:
            self.in_string = not self.in_string
        else:
            self.escaped = True

    def _hold(self, part: bytes) -> None:
        self.element.append(part)
        self.size += len(part)
        if self.size > LONGEST_ROW:
            raise _too_long()

    def _taken(self, part: bytes) -> bytes:
        whole = b"".join([*self.element, part])
        self.element, self.size = [], 0
        return whole


def _too_long() -> FeatureMemoryError:
    return FeatureMemoryError(f"A row is longer than {LONGEST_ROW:,} bytes.", ErrorCode.TOO_LARGE)


def row_of(item: bytes) -> Row | FeatureMemoryError:
    if len(item) > LONGEST_ROW:
        return _too_long()
    try:
        found = msgspec.json.decode(item)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return FeatureMemoryError(f"It is not valid JSON: {error}", ErrorCode.MALFORMED_BODY)
    return found if isinstance(found, dict) else invalid("a row must be an object")


def read_each(rows: Rows, read: Callable[[Row], dict[str, Json] | None]) -> Iterator[Imported]:
    """Every row for itself. `read` gives None for a row that is no call of a model."""
    for number, row in enumerate(rows, 1):
        if isinstance(row, FeatureMemoryError):
            yield number, row
            continue
        try:
            found = read(row)
        except Exception as error:
            yield number, handle_feature_memory_error(error)
        else:
            if found is not None:
                yield number, found


def first_of(row: Row, *names: str) -> Any:
    """The first of these columns that is there and not null."""
    return next((row[name] for name in names if row.get(name) is not None), None)
