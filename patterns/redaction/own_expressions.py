"""What a project's own expressions find, replaced by marks of their names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from featurememory.privacy.expressions import compile_expression
from patterns.redaction.detectors import CLOSE, OPEN

Own = tuple[tuple[str, Any], ...]
# What was replaced already is no text any more.
MARK = re.compile(f"({OPEN}[a-z][a-z0-9_-]{{0,29}}{CLOSE})")


def compile_rows(rows: Sequence[Mapping[str, str]]) -> Own:
    return tuple((row["name"], compile_expression(row["expression"])) for row in rows)


def replace_matches(own: Own, text: str) -> str:
    for name, expression in own:
        pieces = MARK.split(text) if OPEN in text else [text]
        pieces[::2] = [replace_in(expression, name, piece) for piece in pieces[::2]]
        text = "".join(pieces)
    return text


def replace_in(expression: Any, name: str, piece: str) -> str:
    try:
        return str(expression.sub(lambda _: f"{OPEN}{name}{CLOSE}", piece))
    except UnicodeEncodeError:  # half of a pair, which is no character
        return replace_in(expression, name, piece.encode("utf-8", "replace").decode())


def match_whole(own: Own, text: str) -> str | None:
    """The mark of a number that one of the expressions fits from end to end."""
    return next(
        (f"{OPEN}{name}{CLOSE}" for name, expression in own if expression.fullmatch(text)), None
    )
