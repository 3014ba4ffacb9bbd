"""Stretches of lines: those that look alike, and those below a head."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

Span: TypeAlias = tuple[int, int, str]  # first and last line, the kind of payload


def find_runs(flags: Sequence[bool], least: int, kind: str) -> Iterator[Span]:
    """Stretches of at least that many flagged lines."""
    first = -1
    for number, flag in enumerate([*flags, False]):
        if flag and first < 0:
            first = number
        elif not flag and first >= 0:
            if number - first >= least:
                yield first, number - 1, kind
            first = -1


def find_blocks(lines: Sequence[str], heads: Sequence[int], kind: str) -> Iterator[Span]:
    """From each head to the next blank line; blocks with only blank lines between are one."""
    spans: list[list[int]] = []
    begins = set(heads)
    for head in heads:
        last = head
        while last + 1 < len(lines) and lines[last + 1].strip() and last + 1 not in begins:
            last += 1
        if spans and not any(line.strip() for line in lines[spans[-1][1] + 1 : head]):
            spans[-1][1] = last
        else:
            spans.append([head, last])
    yield from ((first, last, kind) for first, last in spans)
