"""Every regular expression of the tree takes time in proportion to the text, whatever the text is."""

from __future__ import annotations

import importlib
import pkgutil
import random
import re
import re._constants as op  # type: ignore[import-not-found]
import re._parser as parser  # type: ignore[import-not-found]
import time
from collections.abc import Iterator
from typing import Any

import pytest

APPS = ("featurememory", "patterns", "optimizations", "integration")
# Long enough for a quadratic one to show; a linear one takes a millisecond.
SHORT, LONG = 1_500, 6_000
ENOUGH_S = 0.03  # whatever takes less on the long text holds up nobody
STEEP = 10.0  # 4 times the text: 4 is linear, 16 quadratic


def collect_expressions() -> dict[str, re.Pattern[Any]]:
    """All compiled expressions that modules and their classes hold, by where they are."""
    found: dict[str, re.Pattern[Any]] = {}
    for app in APPS:
        package = importlib.import_module(app)
        for module in pkgutil.walk_packages(package.__path__, f"{app}."):
            if module.name.endswith(("celery", "wsgi")) or ".migrations" in module.name:
                continue
            for name, value in vars(importlib.import_module(module.name)).items():
                found |= {f"{module.name}.{name}{at}": one for at, one in expressions_in(value)}
    return {name: one for name, one in found.items() if not name.startswith("_")}


def expressions_in(value: Any) -> Iterator[tuple[str, re.Pattern[Any]]]:
    if isinstance(value, re.Pattern):
        yield "", value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from ((f"[{key!r}]{at}", one) for at, one in expressions_in(inner))
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from ((f"[{number}]{at}", one) for at, one in expressions_in(inner))


def alphabet_of(pattern: re.Pattern[Any]) -> list[str]:
    """A few characters for each literal and class of the expression, and some that it names nowhere."""
    found: set[str] = {" ", "a", "0", "\n", "!"}

    def visit(items: Any) -> None:
        for kind, value in items:
            if kind is op.LITERAL or kind is op.NOT_LITERAL:
                found.add(chr(value))
            elif kind is op.RANGE:
                found.update({chr(value[0]), chr(value[1])})
            elif kind is op.CATEGORY:
                found.update(CATEGORIES.get(value, ""))
            elif kind is op.IN or isinstance(value, parser.SubPattern):
                visit(value)
            elif isinstance(value, tuple):
                for part in value:
                    if isinstance(part, parser.SubPattern):
                        visit(part)
                    elif isinstance(part, list):
                        for branch in part:
                            visit(branch)

    visit(parser.parse(pattern.pattern, pattern.flags))
    return sorted(found)


CATEGORIES = {
    op.CATEGORY_DIGIT: "07",
    op.CATEGORY_SPACE: " \t",
    op.CATEGORY_WORD: "a_9",
    op.CATEGORY_NOT_SPACE: "x-",
    op.CATEGORY_NOT_WORD: "-.",
    op.CATEGORY_NOT_DIGIT: "b",
}


def make_texts(pattern: re.Pattern[Any]) -> list[str]:
    """Units to repeat: every character alone, pairs, and short mixtures."""
    dice, letters = random.Random(str(pattern.pattern)), alphabet_of(pattern)[:20]
    units, signs = set(letters), [one for one in letters if not one.isalnum()][:7]
    units |= {one + other for one in signs for other in signs}
    units |= {"".join(dice.choices(letters, k=dice.randint(2, 5))) for _ in range(20)}
    return sorted(units)


def measure(pattern: re.Pattern[Any], unit: str, size: int) -> float:
    text: Any = (unit * (size // len(unit) + 1))[:size] + "\x01"
    if isinstance(pattern.pattern, bytes):
        text = text.encode("utf-8", "ignore")
    began = time.thread_time()
    if not is_anchored(pattern):
        for _ in pattern.finditer(text):
            pass
    pattern.match(text)
    pattern.fullmatch(text)
    return time.thread_time() - began


def is_anchored(pattern: re.Pattern[Any]) -> bool:
    """Whether it is only asked at the start of a text: it says so by what it begins or ends with."""
    text = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode()
    return text.startswith(".*") or text.endswith(r"\Z")


def find_steep_unit(pattern: re.Pattern[Any]) -> str | None:
    """A unit whose repetition takes more than proportional time; measured thrice, the best counts."""
    for unit in make_texts(pattern):
        if measure(pattern, unit, SHORT) < ENOUGH_S / 16:
            continue  # even quadratic it would take less than ENOUGH_S
        long = min(measure(pattern, unit, LONG) for _ in range(3))
        short = min(measure(pattern, unit, SHORT) for _ in range(3))
        if long > ENOUGH_S and long > STEEP * short:
            return unit
    return None


# Bounded by their callers: lines are cut to 4,000 characters, names of keys to 80.
STEEP_STILL = {
    "patterns.engine.grouping.logs.masking._PIECE",
    "patterns.engine.text.input_view._NUMBERED_NAME",
}
EXPRESSIONS = collect_expressions()


def test_expressions_are_found() -> None:
    assert len(EXPRESSIONS) > 20


def test_an_expression_that_is_not_linear_is_found() -> None:
    assert find_steep_unit(re.compile(r'"(?:[^"\\]|\\.)*"')) is not None
    assert find_steep_unit(re.compile(r"[a-z]+\d")) is not None
    assert find_steep_unit(re.compile(r"[a-z0-9]{1,20}")) is None


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.xfail) if name in STEEP_STILL else name
        for name in sorted(EXPRESSIONS)
    ],
)
def test_it_takes_time_in_proportion_to_the_text(name: str) -> None:
    assert find_steep_unit(EXPRESSIONS[name]) is None
