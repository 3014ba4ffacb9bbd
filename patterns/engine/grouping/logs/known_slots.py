"""Lines that are a known template, with other words in places known as slots."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from patterns.engine.grouping.logs.line_piece import HOLE, Skeleton
from patterns.engine.grouping.logs.words import count_words, is_word

_FIXED_WORDS = 2  # of a general form that may take in what nothing else explains


def fill_known_slots(general: dict[Skeleton, Skeleton]) -> dict[Skeleton, Skeleton]:
    """Maps leftover skeletons to a general form they match once its known slots are filled."""
    forms: dict[tuple[int, ...], set[Skeleton]] = defaultdict(set)
    for form, slots in _find_word_slots(general).items():
        if count_words(form) >= _FIXED_WORDS:
            forms[tuple(sorted(slots))].add(form)
    found: dict[Skeleton, Skeleton] = {}
    for one in sorted(set(general.values())):
        for places in sorted(forms, key=lambda places: (len(places), places)):
            said = _punch_holes(one, places)
            if said != one and said in forms[places]:
                found[one] = said
                break
    return found


def _find_word_slots(general: dict[Skeleton, Skeleton]) -> dict[Skeleton, set[int]]:
    """The places of each general form where words of its members stood."""
    found: dict[Skeleton, set[int]] = defaultdict(set)
    for one, form in general.items():
        if one != form and len(one) == len(form):
            pairs = zip(one, form, strict=True)
            found[form].update(n for n, (a, b) in enumerate(pairs) if b == HOLE and is_word(a))
    return {form: places for form, places in found.items() if places}


def _punch_holes(one: Skeleton, places: Sequence[int]) -> Skeleton:
    if places[-1] >= len(one):
        return one
    keys = list(one)
    for place in places:
        keys[place] = HOLE if is_word(keys[place]) else keys[place]
    return tuple(keys)
