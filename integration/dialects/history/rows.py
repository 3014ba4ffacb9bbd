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


def read_items(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Its rows as they are written; whether it is lines or an array is told by its first bytes."""
    start, stream = b"", iter(chunks)
    for chunk in stream:
        start = _without_blanks(start + chunk)
        if not BOM.startswith(start):
            break
    rest = chain([start], stream)
    return split_array(rest) if start.startswith(b"[") else lines_of(rest)


def _without_blanks(start: bytes) -> bytes:
    """What begins the first row: of blanks before it nothing is kept, however many there are."""
    return start.lstrip().removeprefix(BOM).lstrip()


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
    """The elements of one JSON array, without reading the array as a whole; 400 when it does not end."""
    splitter = _Splitter()
    for chunk in chunks:
        yield from splitter.feed(chunk)
    if splitter.depth:
        raise FeatureMemoryError(
            "The file ends in the middle of its array: a part of it is missing.",
            ErrorCode.MALFORMED_BODY,
        )


class _Splitter:
    """Follows brackets and strings; an element begins and ends one level inside the array.

    What stands between objects and is none (a number, a text) is an element too, to be refused.
    """

    def __init__(self) -> None:
        self.depth, self.in_string, self.escaped = 0, False, False
        self.element: list[bytes] = []
        self.size = 0
        self.between = bytearray()  # grows by small parts

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        place, begun = 0, 0
        while (found := self._next(chunk, place)) is not None:
            self._pass(chunk[place:found])
            place = found + 1
            if self.in_string or chunk[found] == 0x22:
                self._string(chunk, found)
            elif chunk[found] in b"[{":
                self.depth += 1
                if self.depth == 2:
                    begun = found
                    yield from self._others()
            else:
                self.depth -= 1
                if self.depth == 1:
                    yield self._taken(chunk[begun:place])
                elif self.depth == 0:
                    yield from self._others()
        self._pass(chunk[place:])
        yield from self._others(whole=False)
        if self.depth > 1:
            self._hold(chunk[begun:])

    def _pass(self, part: bytes) -> None:
        if self.depth == 1 and not self.in_string:
            self.between += part
            if len(self.between) > LONGEST_ROW:
                raise _too_long()

    def _others(self, whole: bool = True) -> Iterator[bytes]:
        """Elements that are no objects; without the last, which may go on, unless `whole`."""
        *found, last = bytes(self.between).split(b",")
        self.between = bytearray() if whole else bytearray(last)
        yield from (part for part in [*found, last if whole else b""] if part.strip())

    def _next(self, chunk: bytes, place: int) -> int | None:
        if self.escaped and place < len(chunk):  # the byte after a backslash means nothing
            self.escaped, place = False, place + 1
        found = (IN_STRING if self.in_string else STRUCTURE).search(chunk, place)
        return found.start() if found else None

    def _string(self, chunk: bytes, place: int) -> None:
        if chunk[place] == 0x22:
            self._pass(b'""')  # when it begins: of the text of an element nothing is needed
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
