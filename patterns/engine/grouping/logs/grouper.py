"""Groups of short machine text, such as log lines: a fixed skeleton with values in slots.

The tree of Drain (He et al., ICWS 2017) reduced to what carries it: values are masked first, an
equal skeleton is found by its digest, and the first word leads to the few forms left to compare.
What is learnt one by one is coarse; `regroup` decides on whole families of skeletons at once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import ClassVar, TypeAlias, TypeVar

import msgspec

from patterns.engine.domain.results import TemplatePart
from patterns.engine.grouping.grouper import Candidate, Grouper, GroupSummary
from patterns.engine.grouping.logs.log_group import EXAMPLE, Group, _digest, _group, _parts
from patterns.engine.grouping.logs.masking import (
    HOLE,
    Skeleton,
    skeleton,
)
from patterns.engine.grouping.logs.wildcard_patterns import (
    OPEN,
    Form,
    explained,
    fits,
    generalised,
    has_open,
    is_open,
    words_of,
)
from patterns.engine.grouping.logs.word_slots import group_skeletons, slot_evidence
from patterns.engine.pattern.pattern_state import PatternState
from patterns.engine.templates.gap_words import Wording
from patterns.engine.templates.rendering import TextPiece

_NEIGHBOURS = 32  # forms with the same first word that one text is compared with
_DIGESTS = 16  # skeletons a group remembers from learning; forms find the others
_DOUBT = 0.85  # score of an equal skeleton in a doubtful group
_SHOWN = 40  # texts of a group that fill the slots of its template

_Entry: TypeAlias = tuple[str, Form]
_K = TypeVar("_K")


class _State(msgspec.Struct):
    limit: int
    groups: list[Group]


class DrainGrouper(Grouper):
    """Machine text by its fixed words.

    `limit` bounds the number of groups: learning beyond it removes the one used longest ago.

    >>> drain = DrainGrouper()
    >>> drain.learn("Took 12 ms for /srv/a", "first").created
    True
    >>> drain.match("Took 7 ms for /srv/b").key
    'first'
    """

    method: ClassVar[str] = "drain"

    def __init__(self, limit: int = 10_000) -> None:
        self.limit = max(1, limit)
        self._groups: dict[str, Group] = {}  # used longest ago first
        self._exact: dict[int, str] = {}
        self._near: dict[Skeleton, dict[_Entry, None]] = {}  # by the first key
        self._leaves: dict[tuple[str, str], dict[_Entry, None]] = {}  # open forms, by both ends

    def __len__(self) -> int:
        return len(self._groups)

    def match(self, text: str) -> Candidate | None:
        return self._match(skeleton(text))

    def learn(self, text: str, identifier: str) -> Candidate:
        found = skeleton(text)
        candidate = self._match(found) or self._join(found)
        if candidate is not None:
            self._use(candidate.key)
            return candidate
        self._add(Group(identifier, text[:EXAMPLE], [found], [_digest(found)], 1))
        while len(self._groups) > self.limit:
            self.remove(next(iter(self._groups)))
        near = self._nearest(found, identifier)
        return Candidate(identifier, 1.0, *near, created=True)

    def regroup(self, texts: Sequence[str]) -> list[int]:
        found = [skeleton(text) for text in texts]
        general = group_skeletons(found)
        numbers = {form: number for number, form in enumerate(sorted(set(general.values())))}
        return [numbers[general[one]] for one in found]

    def rebuild(self, texts: Sequence[str], groups: Sequence[int], keys: Mapping[int, str]) -> None:
        members: dict[int, dict[Skeleton, int]] = defaultdict(dict)
        lines: dict[int, list[str]] = defaultdict(list)
        for text, number in zip(texts, groups, strict=True):
            found = skeleton(text)
            members[number][found] = members[number].get(found, 0) + 1
            lines[number].append(text)
        self._groups, self._exact, self._near, self._leaves = {}, {}, {}, {}
        for number in sorted(members, key=lambda n: (sum(members[n].values()), keys[n])):
            self._add(_group(keys[number], lines[number], members[number]))

    def known(self) -> list[str]:
        return list(self._groups)

    def template(self, key: str) -> tuple[TemplatePart, ...]:
        group = self._groups[key]
        return tuple(part for part, _ in _parts(group.forms, group.example, group.stops))

    def slots(self, key: str, text: str) -> dict[str, str]:
        """What fills the slots of this text; empty when the text has another form."""
        group = self._groups[key]
        return {p.slot: value for p, value in _parts(group.forms, text, group.stops) if value}

    def slot_values(
        self, state: PatternState, text: str, pieces: Sequence[TextPiece]
    ) -> list[tuple[str, str]]:
        if state.key not in self._groups:  # the group went while its pattern stayed
            return []
        return list(self.slots(state.key, text).items())

    def summary(
        self, key: str, texts: Sequence[str], held: Sequence[Wording] | None = None
    ) -> GroupSummary:
        fills = [pair for text in texts[:_SHOWN] for pair in self.slots(key, text).items()]
        return GroupSummary(None, self.template(key), {}, fills)

    def apply_summary(self, state: PatternState, summary: GroupSummary) -> None:
        super().apply_summary(state, summary)
        state.sketches.pop("text", None)  # the only slot before there was a template
        state.fill(summary.fills)

    def remove(self, key: str) -> None:
        group = self._groups.pop(key)
        for digest in group.digests:
            if self._exact.get(digest) == key:
                del self._exact[digest]
        for form in group.forms:
            _take(self._near, form[:1], (key, form))
            _take(self._leaves, _leaf(form), (key, form))

    def to_bytes(self) -> bytes:
        return msgspec.msgpack.encode(_State(self.limit, list(self._groups.values())))

    def restore(self, data: bytes) -> None:
        state = msgspec.msgpack.decode(data, type=_State)
        self.limit = state.limit
        for group in state.groups:
            self._add(group)

    def _add(self, group: Group) -> None:
        if group.key in self._groups:
            self.remove(group.key)
        self._groups[group.key] = group
        for digest in group.digests:
            self._exact[digest] = group.key
        for form in group.forms:
            self._near.setdefault(form[:1], {})[group.key, form] = None
            if has_open(form):
                self._leaves.setdefault(_leaf(form), {})[group.key, form] = None

    def _use(self, key: str) -> None:
        group = self._groups.pop(key)
        group.uses += 1
        self._groups[key] = group

    def _match(self, found: Skeleton) -> Candidate | None:
        key = self._exact.get(_digest(found))
        if key is not None:
            score = _DOUBT if self._groups[key].doubtful else 1.0
            return Candidate(key, score, *self._nearest(found, key))
        fitting = [(form, key) for key, form in self._open_forms(found) if fits(form, found)]
        if not fitting:
            return None
        form, key = min(fitting, key=lambda pair: (-_fixed(pair[0]), pair[1]))
        return Candidate(key, explained(form, found), *self._nearest(found, key))

    def _open_forms(self, found: Skeleton) -> Iterator[_Entry]:
        """Forms with open places that begin and end like the skeleton, or openly."""
        first, last = _leaf(found)
        for leaf in ((first, last), (first, OPEN), (OPEN, last), (OPEN, OPEN)):
            yield from self._leaves.get(leaf, ())

    def _neighbours(self, found: Skeleton) -> list[_Entry]:
        return list(islice(self._near.get(found[:1], ()), _NEIGHBOURS))

    def _nearest(self, found: Skeleton, key: str) -> tuple[str | None, float]:
        """The other group that shares most words, and the share; (None, 0.0) without one."""
        words = words_of(found)
        best: tuple[float, str] | None = None
        for other, form in self._neighbours(found):
            theirs = words_of(form) if other != key else frozenset()
            share = len(words & theirs) / max(1, len(words | theirs))
            if share and (best is None or (-share, other) < best):
                best = (-share, other)
        return (None, 0.0) if best is None else (best[1], -best[0])

    def _join(self, found: Skeleton) -> Candidate | None:
        """The group this skeleton differs from in one slot only, judged like a family."""
        families: dict[tuple[int, int], list[tuple[_Entry, Skeleton]]] = defaultdict(list)
        for entry in self._neighbours(found):
            start, end = _difference(entry[1], found)
            filler = entry[1][start : len(entry[1]) - end]
            if filler and start + end < len(found):
                families[start, end].append((entry, filler))
        for (start, end), family in sorted(families.items()):
            own = found[start : len(found) - end]
            fillers = sorted({own, *(_plain(filler) for _, filler in family)})
            if slot_evidence(found[:start], found[len(found) - end :], fillers):
                return self._widen(found, [entry for entry, _ in family])
        return None

    def _widen(self, found: Skeleton, family: list[_Entry]) -> Candidate | None:
        key, form = max(family, key=lambda entry: (self._groups[entry[0]].uses, entry))
        wider = generalised(form, found)
        if wider is None or not fits(wider, found):
            return None
        group = self._groups[key]
        self.remove(key)
        group.forms = [wider if one == form else one for one in group.forms]
        group.digests = [*group.digests, _digest(found)][-_DIGESTS:]
        group.stops = []  # until a repair has seen what fills the wider place
        self._add(group)
        return Candidate(key, explained(wider, found), *self._nearest(found, key))


def _take(index: dict[_K, dict[_Entry, None]], name: _K, entry: _Entry) -> None:
    leaf = index.get(name, {})
    leaf.pop(entry, None)
    if not leaf:
        index.pop(name, None)


def _leaf(form: Form) -> tuple[str, str]:
    first, last = (form[0], form[-1]) if form else ("", "")
    return OPEN if is_open(first) else first, OPEN if is_open(last) else last


def _fixed(form: Form) -> int:
    return sum(not is_open(key) for key in form)


def _plain(filler: Skeleton) -> Skeleton:
    """A filler as `slot_evidence` knows it: an open place is a hole."""
    return tuple(HOLE if is_open(key) else key for key in filler)


def _difference(left: Skeleton, right: Skeleton) -> tuple[int, int]:
    """How many keys the two share at the front and, of the rest, at the back."""
    most = min(len(left), len(right))
    start = next((i for i in range(most) if left[i] != right[i]), most)
    rest = most - start
    end = next((i for i in range(rest) if left[-1 - i] != right[-1 - i]), rest)
    return start, end
