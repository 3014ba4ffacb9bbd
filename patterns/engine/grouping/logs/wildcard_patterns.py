"""Forms: skeletons with open places, as rules that a text fits or not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from functools import lru_cache

from patterns.engine.grouping.logs.line_piece import HOLE, Skeleton
from patterns.engine.grouping.logs.words import is_word

# A form is a skeleton in which OPEN + "least:most" stands for that many pieces of any kind.
OPEN = "\x1a\x1a"  # no piece begins with two marks
_WIDEST = 8  # pieces an open place can hold
_ALIKE = 0.5  # share of words two skeletons of one group need in common to become one form
_SEPARATOR = "\n"

Form = Skeleton


def is_open(key: str) -> bool:
    return key.startswith(OPEN)


def has_open(form: Form) -> bool:
    return any(map(is_open, form))


def fixed_words(form: Form) -> frozenset[str]:
    return frozenset(filter(is_word, form))


def fits(form: Form, skeleton: Skeleton) -> bool:
    """Whether the skeleton is what the form says, its open places filled."""
    if not has_open(form):
        return form == skeleton
    return _compile_form(form).fullmatch(_join_keys(skeleton)) is not None


def match_spans(form: Form, skeleton: Skeleton) -> list[tuple[int, int]] | None:
    """For each key of the form the range of pieces it stands for; None when it does not fit."""
    found = _compile_form(form).fullmatch(_join_keys(skeleton))
    if found is None:
        return None
    ends = [found.string.count(_SEPARATOR, 0, found.end(i + 1)) for i in range(len(form))]
    return list(zip([0, *ends], ends, strict=False))


def _join_keys(skeleton: Iterable[str]) -> str:
    return "".join(f"{key}{_SEPARATOR}" for key in skeleton)


@lru_cache(maxsize=4096)
def _compile_form(form: Form) -> re.Pattern[str]:
    return re.compile("".join(f"({_write_rule(key)})" for key in form))


def _write_rule(key: str) -> str:
    if not is_open(key):
        return re.escape(key + _SEPARATOR)
    least, most = _read_widths(key)
    return f"(?:[^{_SEPARATOR}]+{_SEPARATOR}){{{least},{most}}}?"


def _read_widths(key: str) -> tuple[int, int]:
    least, most = key[len(OPEN) :].split(":")
    return int(least), int(most)


def _sum_widths(keys: Sequence[str]) -> tuple[int, int]:
    widths = [_read_widths(key) if is_open(key) else (1, 1) for key in keys]
    return sum(least for least, _ in widths), min(_WIDEST, sum(most for _, most in widths))


def generalise_form(form: Form, skeleton: Skeleton) -> Form | None:
    """The form opened where the skeleton differs; None when too little would stay fixed."""
    matcher = SequenceMatcher(None, form, skeleton, autojunk=False)
    merged: list[str] = []
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal":
            merged.extend(form[i1:i2])
            continue
        (low, high), (other_low, other_high) = (
            _sum_widths(form[i1:i2]),
            _sum_widths(skeleton[j1:j2]),
        )
        merged.append(f"{OPEN}{min(low, other_low)}:{max(high, other_high)}")
    kept, longest = (
        fixed_words(tuple(merged)),
        max(len(fixed_words(form)), len(fixed_words(skeleton))),
    )
    return tuple(merged) if len(kept) >= max(1, _ALIKE * longest) else None


def cover_skeletons(skeletons: Iterable[Skeleton]) -> list[Form]:
    """The fewest forms that cover the skeletons of one group; the same for any order of them."""
    forms: list[Form] = []
    for skeleton in sorted(set(skeletons), key=lambda one: (len(one), one)):
        if any(fits(form, skeleton) for form in forms):
            continue
        for place, form in enumerate(forms):
            wider = generalise_form(form, skeleton)
            if wider is not None and fits(wider, skeleton):
                forms[place] = wider
                break
        else:
            forms.append(skeleton)
    return forms


def measure_explained(form: Form, skeleton: Skeleton) -> float:
    """Share of the text the form accounts for: words and marks in full, typed values half."""
    fixed = sum(1.0 for key in form if not is_open(key) and key != HOLE)
    return min(1.0, (fixed + 0.5 * form.count(HOLE)) / max(1, len(skeleton)))
