"""Which expressions a project may add to its redaction, and that those take time in proportion."""

from __future__ import annotations

import random
import time
from typing import Any

import pytest

from featurememory.privacy.expressions import (
    LARGEST,
    MOST,
    RefusedExpression,
    check_expressions,
    compile_expression,
)


def row(expression: Any, name: Any = "customer") -> dict[str, Any]:
    return {"name": name, "expression": expression}


@pytest.mark.parametrize(
    "text", [r"KD-\d{4,10}", r"(?i)\bacme\b", r"\w{1,40}@corp", "é{2}ü", "a|b"]
)
def test_an_expression_of_bounded_length_is_taken(text: str) -> None:
    check_expressions([row(text)])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (r"KD-\d+", "say how many at most"),
        ("(a{1,20}){1,20}", "say how many at most"),
        ("x{0,5}", "empty text"),
        ("[", "no expression"),
        (r"(a)\1", "RE2"),
        ("(?=a)b", "RE2"),
        (".{1,150}", "too large"),
        ("", "1 to 500 characters"),
        ("a" * 501, "1 to 500 characters"),
        ("\ud800", "RE2"),
        (7, "must be a text"),
    ],
)
def test_any_other_is_refused_with_what_to_do(text: Any, why: str) -> None:
    with pytest.raises(RefusedExpression, match=why):
        check_expressions([row(text)])


@pytest.mark.parametrize(
    "rows",
    [
        "KD",
        {"name": "a", "expression": "b"},
        ["a"],
        [{"name": "a"}],
        [{"name": "a", "expression": "b", "more": 1}],
        [row("a", "Upper")],
        [row("a", "")],
        [row("a", "x" * 31)],
        [row("a", None)],
        [row("a", "email")],
        [row("a"), row("b")],
        [row("a", f"n{number}") for number in range(MOST + 1)],
        [row(r"\w{1,90}x", f"n{number}") for number in range(10)],
    ],
)
def test_a_list_that_is_none_is_refused(rows: Any) -> None:
    with pytest.raises(RefusedExpression):
        check_expressions(rows)


@pytest.mark.parametrize("text", ["a[ab]{190}c", "a(?:[ab]{0,99}c)?", "(?:a|ab|b){1,90}c"])
def test_twice_the_text_takes_about_twice_the_time(text: str) -> None:
    expression, dice = compile_expression(text), random.Random(1)
    assert expression.programsize <= LARGEST

    def take(size: int) -> float:
        hostile, best = "".join(dice.choices("ab", k=size)), 99.0
        for _ in range(3):
            began = time.perf_counter()
            expression.sub("", hostile)
            best = min(best, time.perf_counter() - began)
        return best

    assert take(60_000) < 8 * take(30_000) + 0.05
