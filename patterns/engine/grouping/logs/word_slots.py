"""Which skeletons are one template with a value in a place that looks like a word.

"password for root from #" and "password for admin from #" differ in one place. Whether that place
is a slot or the two are different messages cannot be read off one pair; it is decided for the
family of all skeletons that share the rest, by what its fillers look like and how many there are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from hashlib import blake2b
from itertools import combinations
from typing import NamedTuple

from patterns.engine.grouping.logs.keyed_values import merge_by_keys
from patterns.engine.grouping.logs.known_slots import fill_known_slots
from patterns.engine.grouping.logs.line_piece import HOLE, Skeleton
from patterns.engine.grouping.logs.repetitions import shorten_skeleton
from patterns.engine.grouping.logs.slot_evidence import FEW_WORDS, weigh_slot
from patterns.engine.grouping.logs.words import PATH, count_words, is_word

_ROUNDS = 6
_WIDEST = 3  # pieces in one filler

_SHARED, _SHARED_FEW = 2, 3  # fillers two contexts have in common; more where words are few
_HOLDERS = 40  # contexts of one word that are compared with each other
_PRIME = (1 << 61) - 1
_BASE = 1_000_003


class Family(NamedTuple):
    """Skeletons equal but for one place. `order` puts families with more context first."""

    order: tuple[float, ...]
    general: Skeleton
    members: tuple[Skeleton, ...]
    fillers: tuple[Skeleton, ...]


def group_skeletons(skeletons: Iterable[Skeleton]) -> dict[Skeleton, Skeleton]:
    """Each skeleton with the general form it belongs to; equal general forms are one template."""
    general = {one: one for one in sorted(set(skeletons))}
    known: set[str] = set()
    for _ in range(_ROUNDS):
        live = sorted(set(general.values()))
        renamed = _merge_one_place(live, known) or merge_by_keys(live, known)
        if not renamed:
            break
        general = {one: _follow_renames(form, renamed) for one, form in general.items()}
    taken = fill_known_slots(general)
    return {one: taken.get(form, form) for one, form in general.items()}


def _follow_renames(form: Skeleton, renamed: dict[Skeleton, Skeleton]) -> Skeleton:
    seen = {form}
    while form in renamed and renamed[form] not in seen:
        form = renamed[form]
        seen.add(form)
    return form


def _merge_one_place(live: list[Skeleton], known: set[str]) -> dict[Skeleton, Skeleton]:
    places = _find_contexts(live)
    shared = _find_shared_fillers(places)
    families = [f for f in (_judge_family(p, known, shared) for p in places) if f is not None]
    families.sort(key=lambda family: (family.order, family.general))
    renamed: dict[Skeleton, Skeleton] = {}
    for family in families:
        if not any(member in renamed for member in family.members):
            renamed.update(dict.fromkeys(family.members, family.general))
            known.update(filler[0] for filler in family.fillers if len(filler) == 1)
    return {old: new for old, new in renamed.items() if old != new}


Place = tuple[Skeleton, int, int]  # skeleton, start and width of the filler


def _find_contexts(live: list[Skeleton]) -> list[list[Place]]:
    """Places that share everything around them, found by the digests of what is left and right."""
    numbers: dict[str, int] = {}
    places: dict[tuple[int, int], list[Place]] = defaultdict(list)
    for one in live:
        left, right = _digest_sides(one, numbers)
        for width in range(1, min(_WIDEST, len(one)) + 1):
            for start in range(len(one) - width + 1):
                if width == 1 or _is_wide_value(one[start : start + width]):
                    places[left[start], right[start + width]].append((one, start, width))
    return [found for found in places.values() if len(found) > 1]


def _digest_sides(one: Skeleton, numbers: dict[str, int]) -> tuple[list[int], list[int]]:
    ids = []
    for key in one:
        if key not in numbers:
            numbers[key] = int.from_bytes(blake2b(key.encode(), digest_size=7).digest(), "big") + 1
        ids.append(numbers[key])
    left, right = [0], [0]
    for number in ids:
        left.append((left[-1] * _BASE + number) % _PRIME)
    for number in reversed(ids):
        right.append((right[-1] * _BASE + number) % _PRIME)
    return left, right[::-1]


def _is_wide_value(filler: Skeleton) -> bool:
    """Several pieces are a value only without words of the message in them."""
    return not any(is_word(key) and not PATH.match(key) for key in filler)


def _list_fillers(places: list[Place]) -> list[Skeleton]:
    return sorted({one[start : start + width] for one, start, width in places})


def _find_shared_fillers(contexts: list[list[Place]]) -> frozenset[str]:
    """Words that fill a place of two messages together with other such words.

    Users open and close sessions: what stands in both places is a name, not a word of the message.
    Two places of one message (from state to state) say nothing of the kind.
    """
    sets: list[tuple[tuple[int, str], int, frozenset[str]]] = []
    for places in contexts:
        words = frozenset(f[0] for f in _list_fillers(places) if len(f) == 1 and is_word(f[0]))
        around = _surroundings(places[0])
        if len(words) > 1 and around:
            sets.append(((len(around), around[0]), count_words(around), words))
    holders: dict[str, list[int]] = defaultdict(list)
    for number, (_, _, words) in enumerate(sets):
        for word in sorted(words):
            holders[word].append(number)
    shared: set[str] = set()
    for pair in {p for found in holders.values() for p in combinations(found[:_HOLDERS], 2)}:
        (shape, count, words), (other_shape, other_count, other) = sets[pair[0]], sets[pair[1]]
        both = words & other
        few = min(count, other_count) < FEW_WORDS
        if shape != other_shape and len(both) >= (_SHARED_FEW if few else _SHARED):
            shared |= both
    return frozenset(shared)


def _surroundings(place: Place) -> Skeleton:
    one, start, width = place
    return one[:start] + one[start + width :]


def _judge_family(places: list[Place], known: set[str], shared: frozenset[str]) -> Family | None:
    one, start, width = places[0]
    before, after = one[:start], one[start + width :]
    fillers = _list_fillers(places)
    evidence = weigh_slot(before, after, fillers, known | shared)
    if not evidence:
        return None
    general = shorten_skeleton((*before, HOLE, *after))
    members = tuple(sorted({place[0] for place in places}))
    return Family((-count_words(before + after), -evidence), general, members, tuple(fillers))
