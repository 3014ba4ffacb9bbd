"""A batch as the JSON of its items: of an array, or of the lines of NDJSON."""

from __future__ import annotations

import re
from itertools import pairwise

from msgspec import Raw

from featurememory.errors import ErrorCode, FeatureMemoryError
from featurememory.http.json_body import decode_json

MARKS = re.compile(rb"[\[\]{},]")
OPENING = b"[{"
# Marks of a broken array that are looked at, 0.3 s of work; beyond it the array is refused as a whole.
MARKS_MOST = 1_000_000


def split_lines(raw: bytes) -> list[bytes]:
    """The lines that are not empty."""
    return [line for line in raw.splitlines() if line.strip()]


def split_array(raw: bytes) -> list[bytes]:
    """The items of an array. An item that is no JSON (NaN, half an emoji) is one of them, to be refused
    alone as in NDJSON; 400 when the array itself is broken, 422 when it is none."""
    try:
        return [bytes(item) for item in decode_json(raw, list[Raw])]
    except FeatureMemoryError as error:
        if error.code is not ErrorCode.MALFORMED_BODY:
            raise
        if (items := cut_array(raw)) is None:
            raise
        return items


def cut_array(raw: bytes) -> list[bytes] | None:
    """The text between the commas of an array, whatever it is; None when brackets or quotes do not close,
    or an item is empty."""
    text = raw.strip()
    if not (text.startswith(b"[") and text.endswith(b"]")):
        return None
    commas = find_commas(text)
    if commas is None:
        return None
    ends = [0, *commas, len(text) - 1]
    items = [text[start + 1 : end] for start, end in pairwise(ends)]
    return items if all(item.strip() for item in items) else None


def find_commas(text: bytes) -> list[int] | None:
    """Where the commas between the items of an array stand; None when it is not closed at its end, and
    only there. Linear time: no expression looks for the end of a string."""
    unescaped = text.replace(b"\\\\", b"__").replace(b'\\"', b"__")
    parts = unescaped.split(b'"')
    if len(parts) % 2 == 0:  # a string does not end
        return None
    found: list[int] = []
    depth = place = marks = 0
    for index, part in enumerate(parts):
        for mark in MARKS.finditer(part) if index % 2 == 0 else ():
            if depth == 0 and place + mark.start():
                return None  # closed before the end
            sign = mark[0]
            if sign == b"," and depth == 1:
                found.append(place + mark.start())
            elif sign != b",":
                depth += 1 if sign in OPENING else -1
            marks += 1
        if marks > MARKS_MOST:
            return None
        place += len(part) + 1
    return found if depth == 0 else None
