"""Passages with numbers or heads, quoted mails, examples with labels."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from patterns.engine.text.payloads.line_spans import Span, find_blocks, find_runs

_LABEL = re.compile(r"\s{0,8}(?:[-*>]\s)?([^\W\d_][\w '’./-]{0,24}?)\s?(?:#?\d{1,4})?\s{0,2}[:：]")
_NUMBERED = re.compile(r"\s{0,4}(?:\[\d{1,4}\]|\(\d{1,4}\)|【\d{1,4}】)\s?\S")
_HEAD = re.compile(r"\s{0,3}(-{3,}|={3,}|#{2,6}|\*{3,}|~{3,})\s{0,4}[^\s=*~#-]")
_VALUE = re.compile(r"(?<![0-9a-f])[0-9a-f]{0,40}\d[\w.,%:/-]{0,200}")


def find_numbered(lines: Sequence[str]) -> Iterator[Span]:
    heads = [number for number, line in enumerate(lines) if _NUMBERED.match(line)]
    if heads:
        yield from find_blocks(lines, heads, "passages")


def find_headed(lines: Sequence[str]) -> Iterator[Span]:
    """Blocks under heads that look alike: `--- result 3 | 0.66 ---`, `### Leave (guide 29)`."""
    shapes: dict[str, list[int]] = {}
    for number, line in enumerate(lines):
        head = _HEAD.match(line)
        if head:
            words = [_VALUE.sub("#", word) for word in line.split()]
            for shape in {" ".join(words[:2]), f"{words[0]} … {words[-1]}"}:
                shapes.setdefault(shape, []).append(number)
    heads = sorted({n for found in shapes.values() if len(found) > 1 for n in found})
    varied = [n for n in heads if _VALUE.search(lines[n])]
    if len(varied) > 1:
        yield from find_blocks(lines, varied, "passages")


def find_quotes(lines: Sequence[str]) -> Iterator[Span]:
    yield from find_runs([line[:1] == ">" for line in lines], 1, "quote")


def find_labelled(lines: Sequence[str]) -> Iterator[Span]:
    """`Review: … Label: …` again and again: from the first to the last of the labels that recur."""
    found = [_LABEL.match(line) for line in lines]
    labels = [match[1].strip().lower() if match else "" for match in found]
    times = Counter(label for label in labels if label)
    places = [n for n, label in enumerate(labels) if times[label] > 1]
    if len(places) >= 3 or (places and len({labels[n] for n in places}) == 1):
        yield places[0], places[-1], "examples"
