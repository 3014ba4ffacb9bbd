"""Lines of records: tables, delimited rows, settings, lines with a time, pairs with an arrow."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from patterns.engine.text.payloads.line_spans import Span, find_runs

_ARROWS = (" => ", " -> ", " → ", " ⇒ ", "\t", " || ", " :: ")
_YAML = re.compile(r"\s{0,40}(?:-\s{1,4})?[\w./-]{1,60}:(?:\s|$)|\s{0,40}-\s{1,4}\S")
_NESTED = re.compile(r"\s{1,40}\S|-\s")
_TIMED = re.compile(
    r"\s{0,8}[\[(]?(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}[T ]|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4},? )?"
    r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(?: ?[AaPp][Mm])?[\])]?\s"
)


def find_tables(lines: Sequence[str]) -> Iterator[Span]:
    flags = [line.lstrip()[:1] == "|" and line.count("|") >= 2 for line in lines]
    yield from find_runs(flags, 2, "table")


def find_rows(lines: Sequence[str]) -> Iterator[Span]:
    """Three lines or more with the same number of delimiters, none of them followed by a blank."""
    for delimiter in ("\t", ";", ",", "|"):
        counts = [
            0 if f"{delimiter} " in line.rstrip() else line.count(delimiter) for line in lines
        ]
        first = 0
        for number in range(1, len(lines) + 1):
            if number < len(lines) and counts[number] == counts[first]:
                continue
            if number - first >= 3 and counts[first] >= 1:
                yield first, number - 1, "rows"
            first = number


def find_settings(lines: Sequence[str]) -> Iterator[Span]:
    """Four lines of keys or items or more, some of them nested: labels of a form are not."""
    flags = [_YAML.match(line) is not None or _is_comment(line) for line in lines]
    for first, last, kind in find_runs(flags, 4, "rows"):
        nested = [_NESTED.match(line) and ":" in line for line in lines[first : last + 1]]
        if sum(map(bool, nested)) * 3 >= len(nested):
            yield first, last, kind


def _is_comment(line: str) -> bool:
    return line.lstrip()[:2] == "# "


def find_timed_lines(lines: Sequence[str]) -> Iterator[Span]:
    """Lines of a chat or a log, each with its time; what is indented goes along."""
    heads = [_TIMED.match(line) is not None for line in lines]
    flags = list(heads)
    for number in range(1, len(lines)):
        flags[number] |= (
            flags[number - 1] and lines[number][:1] in (" ", "\t") and bool(lines[number].strip())
        )
    for first, last, kind in find_runs(flags, 2, "rows"):
        if sum(heads[first : last + 1]) > 1:
            yield first, last, kind


def find_arrows(lines: Sequence[str]) -> Iterator[Span]:
    for arrow in _ARROWS:
        flags = [arrow in f"{line} " for line in lines]
        yield from find_runs(flags, 2, "examples")
