"""Payloads in a prompt: what the instruction works on, folded into one typed mark each.

JSON, tables, rows, documents between tags, numbered passages, quoted mails and examples have as
many lines as they like, and recur by chance; the instruction around them is the task. Every rule
reads a text once, line by line: the time is linear.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from patterns.engine.text.payloads.documents import fold_html, fold_tagged
from patterns.engine.text.payloads.json_payloads import fold_json
from patterns.engine.text.payloads.marks import OPEN, mark
from patterns.engine.text.payloads.passages import (
    find_headed,
    find_labelled,
    find_numbered,
    find_quotes,
)
from patterns.engine.text.payloads.records import (
    find_arrows,
    find_rows,
    find_settings,
    find_tables,
    find_timed_lines,
)
from patterns.engine.text.payloads.traces import find_traces

LONGEST = 60_000  # characters looked at
# What is surest comes first: a line belongs to the payload that takes it first.
RULES = (
    *(find_tables, find_rows, find_traces, find_settings, find_timed_lines),
    *(find_arrows, find_numbered, find_headed, find_quotes, find_labelled),
)
_FENCE = re.compile(r"\s{0,3}(?:```|~~~)")


def fold_payloads(text: str) -> str:
    """The text with its payloads as marks. Texts without any come back as they are.

    >>> fold_payloads('Classify: {"a": 1, "b": [2, 3]} now') == f"Classify: {mark('json')} now"
    True
    """
    if len(text) > LONGEST or OPEN in text:
        return text
    if '"' in text or "'" in text:
        text = fold_json(text)
    if "<" in text and "</" in text:
        text = fold_tagged(fold_html(text))
    return fold_lines(text) if "\n" in text else text


def fold_lines(text: str) -> str:
    """Tables, rows, passages with numbers or heads, quotes and examples as marks."""
    lines = text.split("\n")
    kinds = _line_kinds(lines)
    if not any(kinds):
        return text
    out: list[str] = []
    for number, line in enumerate(lines):
        kind = kinds[number]
        if not kind:
            out.append(line)
        elif number == 0 or kinds[number - 1] != kind:
            out.append(mark(kind))
    return "\n".join(out)


def _line_kinds(lines: Sequence[str]) -> list[str]:
    """The kind of payload each line belongs to; "" for lines that are no payload."""
    kinds = [""] * len(lines)
    fenced = _fenced(lines)
    for rule in RULES:
        for first, last, kind in rule(lines):
            if not any(fenced[first : last + 1]) and not any(kinds[first : last + 1]):
                kinds[first : last + 1] = [kind] * (last + 1 - first)
    return kinds


def _fenced(lines: Sequence[str]) -> list[bool]:
    inside, found = False, []
    for line in lines:
        fence = _FENCE.match(line) is not None
        found.append(inside or fence)
        inside = inside != fence
    return found
