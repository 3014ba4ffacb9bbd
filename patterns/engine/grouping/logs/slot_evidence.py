"""How strongly what stands in a place of some lines speaks for a slot there."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence

from patterns.engine.grouping.logs.line_piece import HOLE, Skeleton
from patterns.engine.grouping.logs.words import PATH, count_words, is_word

# Evidence that a filler is a value and not a word of the message. Two names with dots or slashes
# make a slot, so does a value beside anything, so do five plain words; two or three plain words
# stay apart, because messages differ by words ("started", "stopped").
NEEDED = 1.5
_HOLE_WEIGHT, _PATH_WEIGHT, _KNOWN_WEIGHT, _NAME_WEIGHT, _WORD_WEIGHT = 1.5, 0.75, 0.75, 0.5, 0.34
_MARK_WEIGHT = 0.1
FEW_WORDS = 3  # a context with fewer words needs twice the evidence, unless the fillers are values
_NAME = re.compile(r".*[a-z][A-Z]|.*[A-Z]{2}[a-z]|.*\w_\w", re.DOTALL)
_SWITCH = frozenset({"true", "false", "null", "none", "yes", "no", "on", "off"})
_QUOTES = frozenset({"'", '"', "`"})


def weigh_slot(
    before: Skeleton, after: Skeleton, fillers: Sequence[Skeleton], known: Container[str] = ()
) -> float:
    """How strongly the fillers speak for a slot between `before` and `after`; 0.0: not enough.

    `known` are words that are values elsewhere.
    """
    words = count_words(before) + count_words(after)
    if not words or len(fillers) < 2 or not _are_tight(fillers) or not any(map(_may_vary, fillers)):
        return 0.0
    weights = [weigh_filler(filler, known) for filler in fillers]
    leading = not any(map(is_word, before)) and (HOLE,) not in fillers
    leading = leading and min(weights) < _PATH_WEIGHT
    if leading and not before:
        return 0.0  # the first word names the message
    evidence = sum(weights)
    if _is_at_key(before, after):
        evidence = sum(
            max(weight, _NAME_WEIGHT if _may_vary(filler) else 0.0)
            for weight, filler in zip(weights, fillers, strict=True)
        )
    scarce = words < FEW_WORDS and not _are_values(fillers, weights, words)
    return evidence if evidence >= NEEDED * (2 if scarce or leading else 1) else 0.0


def _are_values(fillers: Sequence[Skeleton], weights: Sequence[float], words: int) -> bool:
    """Whether fillers speak for themselves where the context has few words."""
    if sum(any(PATH.match(key) for key in filler) for filler in fillers) > 1:
        return True
    return any(HOLE in filler for filler in fillers) and (words > 1 or min(weights) >= _PATH_WEIGHT)


def _is_at_key(before: Skeleton, after: Skeleton) -> bool:
    """After `=` or between quotes stands a value more often than a word of the message."""
    left, right = before[-1:], after[:1]
    quoted = bool(left and right) and _QUOTES.issuperset(left + right)
    return quoted or left == ("=",)


def _are_tight(fillers: Sequence[Skeleton]) -> bool:
    """Fillers that all begin or end alike belong to a narrower place."""
    return len({f[0] for f in fillers}) > 1 and len({f[-1] for f in fillers}) > 1


def _may_vary(filler: Skeleton) -> bool:
    return any(key == HOLE or (is_word(key) and key.lower() not in _SWITCH) for key in filler)


def weigh_filler(filler: Skeleton, known: Container[str]) -> float:
    if HOLE in filler:
        return _HOLE_WEIGHT
    return max(_weigh_key(key, known) for key in filler)


def _weigh_key(key: str, known: Container[str]) -> float:
    if not is_word(key):
        return _MARK_WEIGHT
    if key.lower() in _SWITCH:
        return 0.0
    if PATH.match(key):
        return _PATH_WEIGHT
    if key in known:
        return _KNOWN_WEIGHT
    return _NAME_WEIGHT if _NAME.match(key) else _WORD_WEIGHT
