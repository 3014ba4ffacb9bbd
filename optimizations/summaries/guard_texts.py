"""Guards in words: what must not become worse, and its present figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

from featurememory.templatetags.figures import duration, number, percent, points


def describe_guards(guards: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(name, figures) of each guard the engine reports; one it does not know is left as it is."""
    return [(name_guard(name), describe_guard(name, value)) for name, value in guards.items()]


def name_guard(name: str) -> str:
    """`exact:once` is a level of a cache and what is known of its answers; other names are words."""
    level, colon, answers = name.partition(":")
    if colon:
        return f"{level.capitalize()} repeats, {ANSWERS.get(answers, answers)}"
    return NAMES.get(name, name.replace("_", " ").capitalize())


NAMES = {
    "quality": "Quality",
    "p95_ms": "Duration p95",
    "gamed": "Judge against success",
    "success": "Success",
    "sample_ratio": "Held: arms out of balance",
    "cut_off": "Cut off",
    "bound": "Bound on errors",
}


ANSWERS = {"once": "seen once", "confirmed": "confirmed by a second run", "any": "all"}


def describe_guard(name: str, value: Any) -> str:
    if name == "gamed":
        return "they disagree: blocked" if value else "they agree"
    if name == "p95_ms" and is_pair(value):
        return f"{duration(value[1])}, held out {duration(value[0])}"
    if name == "bound" and isinstance(value, int | float):
        return f"at most {percent(value)}"
    if isinstance(value, dict) and "effect" in value:
        return describe_effect(value["effect"])
    if is_pair(value):
        return f"{number(value[1])} of {number(value[0])} {'answers' if name == 'cut_off' else 'wrong'}"
    return str(value)[:120]


def is_pair(value: Any) -> TypeGuard[Sequence[float]]:
    return (
        isinstance(value, list | tuple)
        and len(value) == 2
        and all(isinstance(one, int | float) for one in value)
    )


def describe_effect(value: Any) -> str:
    if isinstance(value, int | float):
        return points(value)
    if isinstance(value, list | tuple) and len(value) == 3:
        return f"{points(value[0])}, {points(value[1])} to {points(value[2])}"
    return "none"
