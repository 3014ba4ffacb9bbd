"""Which skeletons are one template with a value in a place that looks like a word.

"password for root from #" and "password for admin from #" differ in one place. Whether that place
is a slot or the two are different messages cannot be read off one pair; it is decided for the
family of all skeletons that share the rest, by what its fillers look like and how many there are.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Container, Iterable, Sequence
from hashlib import blake2b
from itertools import combinations
from typing import NamedTuple

from patterns.engine.grouping.logs.keyed_values import KeyedLine, take_out_values
from patterns.engine.grouping.logs.masking import HOLE, Skeleton, shorten
from patterns.engine.grouping.logs.words import PATH, count_words, is_word

# Evidence that a filler is a value and not a word of the message. Two names with dots or slashes
# make a slot, so does a value beside anything, so do five plain words; two or three plain words
# stay apart, because messages differ by words ("started", "stopped").
NEEDED = 1.5
_HOLE_WEIGHT, _PATH_WEIGHT, _KNOWN_WEIGHT, _NAME_WEIGHT, _WORD_WEIGHT = 1.5, 0.75, 0.75, 0.5, 0.34
_MARK_WEIGHT = 0.1
_ROUNDS = 6
_FIXED_WORDS = 2  # of a general form that may take in what nothing else explains
_WIDEST = 3  # pieces in one filler
_FEW_WORDS = 3  # a context with fewer words needs twice the evidence, unless the fillers are values

_SHARED, _SHARED_FEW = 2, 3  # fillers two contexts have in common; more where words are few
_HOLDERS = 40  # contexts of one word that are compared with each other
_NAME = re.compile(r".*[a-z][A-Z]|.*[A-Z]{2}[a-z]|.*\w_\w", re.DOTALL)
_SWITCH = frozenset({"true", "false", "null", "none", "yes", "no", "on", "off"})
_QUOTES = frozenset({"'", '"', "`"})
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
        renamed = _one_place(live, known) or _values_at_keys(live, known)
        if not renamed:
            break
        general = {one: _follow(form, renamed) for one, form in general.items()}
    taken = _taken_in(general)
    return {one: taken.get(form, form) for one, form in general.items()}


def _follow(form: Skeleton, renamed: dict[Skeleton, Skeleton]) -> Skeleton:
    seen = {form}
    while form in renamed and renamed[form] not in seen:
        form = renamed[form]
        seen.add(form)
    return form


# --- several places that are slots by now ---------------------------------------------------------


def _taken_in(general: dict[Skeleton, Skeleton]) -> dict[Skeleton, Skeleton]:
    """Skeletons left over that a general form says, with other words in places known as slots."""
    forms: dict[tuple[int, ...], set[Skeleton]] = defaultdict(set)
    for form, slots in _slots_of_words(general).items():
        if count_words(form) >= _FIXED_WORDS:
            forms[tuple(sorted(slots))].add(form)
    found: dict[Skeleton, Skeleton] = {}
    for one in sorted(set(general.values())):
        for places in sorted(forms, key=lambda places: (len(places), places)):
            said = _with_holes(one, places)
            if said != one and said in forms[places]:
                found[one] = said
                break
    return found


def _slots_of_words(general: dict[Skeleton, Skeleton]) -> dict[Skeleton, set[int]]:
    """The places of each general form where words of its members stood."""
    found: dict[Skeleton, set[int]] = defaultdict(set)
    for one, form in general.items():
        if one != form and len(one) == len(form):
            pairs = zip(one, form, strict=True)
            found[form].update(n for n, (a, b) in enumerate(pairs) if b == HOLE and is_word(a))
    return {form: places for form, places in found.items() if places}


def _with_holes(one: Skeleton, places: Sequence[int]) -> Skeleton:
    if places[-1] >= len(one):
        return one
    keys = list(one)
    for place in places:
        keys[place] = HOLE if is_word(keys[place]) else keys[place]
    return tuple(keys)


# --- one place differs ----------------------------------------------------------------------------


def _one_place(live: list[Skeleton], known: set[str]) -> dict[Skeleton, Skeleton]:
    places = _contexts(live)
    shared = _shared_fillers(places)
    families = [f for f in (_family(p, known, shared) for p in places) if f is not None]
    families.sort(key=lambda family: (family.order, family.general))
    renamed: dict[Skeleton, Skeleton] = {}
    for family in families:
        if not any(member in renamed for member in family.members):
            renamed.update(dict.fromkeys(family.members, family.general))
            known.update(filler[0] for filler in family.fillers if len(filler) == 1)
    return {old: new for old, new in renamed.items() if old != new}


Place = tuple[Skeleton, int, int]  # skeleton, start and width of the filler


def _contexts(live: list[Skeleton]) -> list[list[Place]]:
    """Places that share everything around them, found by the digests of what is left and right."""
    numbers: dict[str, int] = {}
    places: dict[tuple[int, int], list[Place]] = defaultdict(list)
    for one in live:
        left, right = _digests(one, numbers)
        for width in range(1, min(_WIDEST, len(one)) + 1):
            for start in range(len(one) - width + 1):
                if width == 1 or _wide_filler(one[start : start + width]):
                    places[left[start], right[start + width]].append((one, start, width))
    return [found for found in places.values() if len(found) > 1]


def _digests(one: Skeleton, numbers: dict[str, int]) -> tuple[list[int], list[int]]:
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


def _wide_filler(filler: Skeleton) -> bool:
    """Several pieces are a value only without words of the message in them."""
    return not any(is_word(key) and not PATH.match(key) for key in filler)


def _fillers(places: list[Place]) -> list[Skeleton]:
    return sorted({one[start : start + width] for one, start, width in places})


def _shared_fillers(contexts: list[list[Place]]) -> frozenset[str]:
    """Words that fill a place of two messages together with other such words.

    Users open and close sessions: what stands in both places is a name, not a word of the message.
    Two places of one message (from state to state) say nothing of the kind.
    """
    sets: list[tuple[tuple[int, str], int, frozenset[str]]] = []
    for places in contexts:
        words = frozenset(f[0] for f in _fillers(places) if len(f) == 1 and is_word(f[0]))
        around = _around(places[0])
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
        few = min(count, other_count) < _FEW_WORDS
        if shape != other_shape and len(both) >= (_SHARED_FEW if few else _SHARED):
            shared |= both
    return frozenset(shared)


def _around(place: Place) -> Skeleton:
    one, start, width = place
    return one[:start] + one[start + width :]


def _family(places: list[Place], known: set[str], shared: frozenset[str]) -> Family | None:
    one, start, width = places[0]
    before, after = one[:start], one[start + width :]
    fillers = _fillers(places)
    evidence = slot_evidence(before, after, fillers, known | shared)
    if not evidence:
        return None
    general = shorten((*before, HOLE, *after))
    members = tuple(sorted({place[0] for place in places}))
    return Family((-count_words(before + after), -evidence), general, members, tuple(fillers))


def slot_evidence(
    before: Skeleton, after: Skeleton, fillers: Sequence[Skeleton], known: Container[str] = ()
) -> float:
    """How strongly the fillers speak for a slot between `before` and `after`; 0.0: not enough.

    `known` are words that are values elsewhere.
    """
    words = count_words(before) + count_words(after)
    if not words or len(fillers) < 2 or not _tight(fillers) or not any(map(_may_vary, fillers)):
        return 0.0
    weights = [_weight(filler, known) for filler in fillers]
    leading = not any(map(is_word, before)) and (HOLE,) not in fillers
    leading = leading and min(weights) < _PATH_WEIGHT
    if leading and not before:
        return 0.0  # the first word names the message
    evidence = sum(weights)
    if _at_key(before, after):
        evidence = sum(
            max(weight, _NAME_WEIGHT if _may_vary(filler) else 0.0)
            for weight, filler in zip(weights, fillers, strict=True)
        )
    scarce = words < _FEW_WORDS and not _are_values(fillers, weights, words)
    return evidence if evidence >= NEEDED * (2 if scarce or leading else 1) else 0.0


def _are_values(fillers: Sequence[Skeleton], weights: Sequence[float], words: int) -> bool:
    """Whether fillers speak for themselves where the context has few words."""
    if sum(any(PATH.match(key) for key in filler) for filler in fillers) > 1:
        return True
    return any(HOLE in filler for filler in fillers) and (words > 1 or min(weights) >= _PATH_WEIGHT)


def _at_key(before: Skeleton, after: Skeleton) -> bool:
    """After `=` or between quotes stands a value more often than a word of the message."""
    left, right = before[-1:], after[:1]
    quoted = bool(left and right) and _QUOTES.issuperset(left + right)
    return quoted or left == ("=",)


def _tight(fillers: Sequence[Skeleton]) -> bool:
    """Fillers that all begin or end alike belong to a narrower place."""
    return len({f[0] for f in fillers}) > 1 and len({f[-1] for f in fillers}) > 1


def _may_vary(filler: Skeleton) -> bool:
    return any(key == HOLE or (is_word(key) and key.lower() not in _SWITCH) for key in filler)


def _weight(filler: Skeleton, known: Container[str]) -> float:
    if HOLE in filler:
        return _HOLE_WEIGHT
    return max(_weight_of(key, known) for key in filler)


def _weight_of(key: str, known: Container[str]) -> float:
    if not is_word(key):
        return _MARK_WEIGHT
    if key.lower() in _SWITCH:
        return 0.0
    if PATH.match(key):
        return _PATH_WEIGHT
    if key in known:
        return _KNOWN_WEIGHT
    return _NAME_WEIGHT if _NAME.match(key) else _WORD_WEIGHT


def _values_at_keys(live: list[Skeleton], known: set[str]) -> dict[Skeleton, Skeleton]:
    frames: dict[Skeleton, list[KeyedLine]] = defaultdict(list)
    for one in live:
        keyed = take_out_values(one)
        frames[keyed.frame].append(keyed)
    renamed: dict[Skeleton, Skeleton] = {}
    for frame in sorted(frames):
        _settle(frames[frame], known, renamed)
    return renamed


def _settle(members: list[KeyedLine], known: set[str], renamed: dict[Skeleton, Skeleton]) -> None:
    """One template where every place that varies looks like a slot; else apart by the others."""
    if len(members) < 2:
        return
    columns = [sorted(set(column)) for column in zip(*(m.values for m in members), strict=True)]
    varied = [place for place, values in enumerate(columns) if len(values) > 1]
    evidence = {p: sum(_weight(value, known) for value in columns[p]) for p in varied}
    weak = [place for place in varied if evidence[place] < 1]
    if weak:
        place = min(weak, key=lambda p: (len(columns[p]), p))
        for value in columns[place]:
            _settle([m for m in members if m.values[place] == value], known, renamed)
    elif count_words(members[0].frame) > 1 and max(evidence.values()) >= NEEDED:
        general = _general(members[0], varied)
        renamed.update({m.whole: general for m in members if m.whole != general})


def _general(member: KeyedLine, varied: list[int]) -> Skeleton:
    out: list[str] = []
    place = 0
    for key in member.frame:
        if key != HOLE:
            out.append(key)
            continue
        out.extend((HOLE,) if place in varied else member.values[place])
        place += 1
    return shorten(tuple(out))
