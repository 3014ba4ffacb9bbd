"""JSON inside a text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from patterns.engine.text.payloads.marks import mark

_BRACKETS = re.compile(r'[\[\]{}"\\]')


def fold_json(text: str) -> str:
    """Objects and lists of objects, texts or numbers in JSON, wherever they stand."""
    out: list[str] = []
    position = 0
    for begin, end in _balanced(text):
        if begin >= position and _is_json(text[begin:end]):
            out += [text[position:begin], mark("json")]
            position = end
    out.append(text[position:])
    return "".join(out)


def _balanced(text: str) -> Iterator[tuple[int, int]]:
    """Outermost pairs of brackets, brackets inside quotes aside; a bracket without end is text."""
    stack: list[tuple[str, int]] = []
    found: list[tuple[int, int]] = []
    quoted = False
    skip = -1
    for match in _BRACKETS.finditer(text):
        at, sign = match.start(), match[0]
        if at == skip:
            continue
        if sign == "\\":
            skip = at + 1
        elif sign == '"':
            quoted = not quoted if stack else False
        elif quoted:
            continue
        elif sign in "[{":
            stack.append((sign, at))
        elif stack and (stack[-1][0] == "[") == (sign == "]"):
            begin = stack.pop()[1]
            while found and found[-1][0] > begin:
                found.pop()
            found.append((begin, at + 1))
        else:
            stack.clear()
    yield from found


def _is_json(part: str) -> bool:
    """An object with a quoted key, or a list of objects, texts or several numbers."""
    inner = part[1:-1].strip()
    if part[0] == "{":
        return inner[:1] in "\"'" and bool(inner) and ":" in inner
    if inner[:1] in '"{[' and inner[-1:] in '"}]':
        return len(inner) > 2
    return inner.count(",") >= 2 and not re.search(r"[A-Za-z]{3}", inner[:200])
