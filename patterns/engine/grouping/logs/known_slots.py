"""Lines that are a known template, with other words in places known as slots."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from patterns.engine.grouping.logs.line_piece import HOLE, Skeleton
from patterns.engine.grouping.logs.wildcard_patterns import OPEN, Form, is_open, match_spans
from patterns.engine.grouping.logs.words import count_words, is_word

_NAME_WORDS = 3  # of a name in a slot that holds names of one word elsewhere
_FIXED_WORDS = 2  # of a general form that may take in what nothing else explains


def fill_known_slots(general: dict[Skeleton, Skeleton]) -> dict[Skeleton, Skeleton]:
    """Maps leftover skeletons to a general form they match once its known slots are filled."""
    word_slots = _find_word_slots(general)
    forms: dict[tuple[int, ...], set[Skeleton]] = defaultdict(set)
    for form, slots in word_slots.items():
        if count_words(form) >= _FIXED_WORDS:
            forms[tuple(sorted(slots))].add(form)
    found: dict[Skeleton, Skeleton] = {}
    wide = _open_slots(word_slots)
    for one in sorted(set(general.values())):
        said = None if one in word_slots else _find_wide_form(one, wide)
        if said is not None:
            found[one] = said
            continue
        for places in sorted(forms, key=lambda places: (len(places), places)):
            said = _punch_holes(one, places)
            if said != one and said in forms[places]:
                found[one] = said
                break
    return found


def _open_slots(word_slots: dict[Skeleton, set[int]]) -> dict[str, list[tuple[Form, Skeleton]]]:
    """General forms by their first key, open where names of several words may stand, too."""
    found: dict[str, list[tuple[Form, Skeleton]]] = defaultdict(list)
    for form, slots in sorted(word_slots.items(), key=lambda pair: pair[0]):
        if count_words(form) >= _FIXED_WORDS and 0 not in slots:
            opened = tuple(
                f"{OPEN}1:{_NAME_WORDS}" if n in slots else k for n, k in enumerate(form)
            )
            found[form[0]].append((opened, form))
    return found


def _find_wide_form(one: Skeleton, wide: dict[str, list[tuple[Form, Skeleton]]]) -> Skeleton | None:
    for opened, form in wide.get(one[0], ()) if one else ():
        if one != form and len(one) > len(form):
            spans = match_spans(opened, one)
            if spans and all(
                _is_name(one[a:b])
                for (a, b), key in zip(spans, opened, strict=True)
                if is_open(key)
            ):
                return form
    return None


def _is_name(filler: Skeleton) -> bool:
    return all(key == HOLE or is_word(key) for key in filler)


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
