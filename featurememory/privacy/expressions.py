"""Expressions that a project adds to what is redacted: what they may be, so that none takes long.

RE2 runs them, whose time grows with the text and never explodes. What it finds is bounded in length,
so that finding every place is linear, too; and so is its program, which bounds the time per character.
"""

from __future__ import annotations

import re
import re._parser as grammar  # type: ignore[import-not-found]
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import re2

MOST, LONGEST = 20, 500
WIDEST = 200  # characters that one match may have
# Instructions of one, and of all of a project: 4 ms each in a text of 1 MiB made against it.
LARGEST, LARGEST_SUM = 500, 1_500
NAME = re.compile(r"[a-z][a-z0-9_-]{0,29}\Z")
BUILT_IN = ("email", "phone", "card", "iban", "secret")


class RefusedExpression(ValueError):
    """Why it cannot be used, in words for whoever wrote it."""


def check_expressions(rows: Any) -> None:
    """Raises RefusedExpression for the first of `[{"name", "expression"}]` that cannot be used."""
    if not isinstance(rows, list) or len(rows) > MOST:
        raise RefusedExpression(f"This must be a list of at most {MOST} expressions.")
    for row in rows:
        check_row(row)
    names = [row["name"] for row in rows]
    if doubled := next((name for name in names if names.count(name) > 1), None):
        raise RefusedExpression(f"Two expressions are called {doubled}: give each its own name.")
    if sum(compile_expression(row["expression"]).programsize for row in rows) > LARGEST_SUM:
        raise RefusedExpression("Together they are too large: shorten their counts.")


def check_row(row: Any) -> None:
    if not isinstance(row, Mapping) or set(row) != {"name", "expression"}:
        raise RefusedExpression('Each must be {"name": "…", "expression": "…"}.')
    name = row["name"]
    if not isinstance(name, str) or not NAME.match(name) or name in BUILT_IN:
        raise RefusedExpression(
            f"{str(name)[:40]!r}: a name has 1 to 30 small letters, digits, - and _, begins with a "
            f"letter, and is none of {', '.join(BUILT_IN)}."
        )
    if not isinstance(row["expression"], str):
        raise RefusedExpression(f"{name}: the expression must be a text.")
    try:
        compile_expression(row["expression"])
    except RefusedExpression as error:
        raise RefusedExpression(f"{name}: {error}") from None


@lru_cache(maxsize=1000)
def compile_expression(text: str) -> Any:
    """The expression, compiled by RE2. RefusedExpression when it is wrong, empty or without bound."""
    if not 1 <= len(text) <= LONGEST:
        raise RefusedExpression(f"an expression has 1 to {LONGEST} characters.")
    check_width(text)
    options = re2.Options()
    options.log_errors, options.never_capture = False, True
    options.max_mem = 1 << 22
    try:
        made = re2.compile(text, options)
    except (re2.error, UnicodeEncodeError) as error:
        raise RefusedExpression(f"it is no expression of RE2: {tell(error)}.") from None
    if made.programsize > LARGEST:
        raise RefusedExpression(
            "it is too large: shorten its counts, as {1,20} instead of {1,200}."
        )
    return made


def check_width(text: str) -> None:
    """Python's own grammar knows how long a match may be."""
    try:
        shortest, longest = grammar.parse(text).getwidth()
    except (re.error, RecursionError, OverflowError) as error:
        raise RefusedExpression(f"it is no expression: {error}.") from None
    if not shortest:
        raise RefusedExpression("it also fits an empty text: say what there must be at least.")
    if longest > WIDEST:
        raise RefusedExpression(
            f"it may fit more than {WIDEST} characters: say how many at most, as {{1,20}} in place of + "
            "and {0,20} in place of *."
        )


def tell(error: Exception) -> str:
    found = error.args[0] if error.args else ""
    return found.decode("utf-8", "replace") if isinstance(found, bytes) else str(error)
