"""Groups of short machine text, such as log lines: a fixed skeleton with values in slots.

The tree of Drain (He et al., ICWS 2017) reduced to what carries it: values are masked first, an
equal skeleton is found by its digest, and the first word leads to the few forms left to compare.
What is learnt one by one is coarse; `regroup` decides on whole families of skeletons at once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import ClassVar

import msgspec

from patterns.engine.domain.results import TemplatePart
from patterns.engine.grouping.grouper import Candidate, Grouper, GroupSummary, group_key
from patterns.engine.grouping.logs.line_piece import HOLE, Skeleton
from patterns.engine.grouping.logs.log_group import (
    EXAMPLE,
    LogGroup,
    cut_line,
    digest_skeleton,
    make_log_group,
)
from patterns.engine.grouping.logs.masking import mask_line
from patterns.engine.grouping.logs.pattern_index import Entry, PatternIndex
from patterns.engine.grouping.logs.slot_evidence import weigh_slot
from patterns.engine.grouping.logs.wildcard_patterns import (
    fits,
    generalise_form,
    is_open,
    measure_explained,
)
from patterns.engine.grouping.logs.word_slots import group_skeletons
from patterns.engine.pattern.pattern_state import PatternState
from patterns.engine.templates.gap_words import Wording
from patterns.engine.templates.rendering import TextPiece

_DIGESTS = 16  # skeletons a group remembers from learning; forms find the others
_DOUBT = 0.85  # score of an equal skeleton in a doubtful group
_SHOWN = 40  # texts of a group that fill the slots of its template


class _DrainState(msgspec.Struct):
    limit: int
    groups: list[LogGroup]


class DrainGrouper(Grouper):
    """Groups machine text by its fixed words.

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
        self.index = PatternIndex()

    def __len__(self) -> int:
        return len(self.index.groups)

    def match(self, text: str) -> Candidate | None:
        return self._match_skeleton(mask_line(text))

    def learn(self, text: str, identifier: str) -> Candidate:
        found = mask_line(text)
        candidate = self._match_skeleton(found) or self._join_family(found)
        if candidate is not None:
            self.index.count_use(candidate.key)
            return candidate
        self.index.add(LogGroup(identifier, text[:EXAMPLE], [found], [digest_skeleton(found)], 1))
        while len(self) > self.limit:
            self.remove(next(iter(self.index.groups)))
        near = self.index.find_nearest(found, identifier)
        return Candidate(identifier, 1.0, *near, created=True)

    def regroup(self, texts: Sequence[str]) -> list[int]:
        found = [mask_line(text) for text in texts]
        general = group_skeletons(found)
        numbers = {form: number for number, form in enumerate(sorted(set(general.values())))}
        return [numbers[general[one]] for one in found]

    def rebuild(self, texts: Sequence[str], groups: Sequence[int], keys: Mapping[int, str]) -> None:
        members: dict[int, dict[Skeleton, int]] = defaultdict(dict)
        lines: dict[int, list[str]] = defaultdict(list)
        for text, number in zip(texts, groups, strict=True):
            found = mask_line(text)
            members[number][found] = members[number].get(found, 0) + 1
            lines[number].append(text)
        self.index = PatternIndex()
        for number in sorted(members, key=lambda n: (sum(members[n].values()), keys[n])):
            self.index.add(make_log_group(keys[number], lines[number], members[number]))

    def known(self) -> list[str]:
        return list(self.index.groups)

    def template(self, key: str) -> tuple[TemplatePart, ...]:
        group = self.index.groups[key]
        return tuple(part for part, _ in cut_line(group.forms, group.example, group.stops))

    def slots(self, key: str, text: str) -> dict[str, str]:
        """Slot name to value for a text of the group; empty when no form fits. KeyError for an
        unknown key."""
        group = self.index.groups[key]
        return {p.slot: value for p, value in cut_line(group.forms, text, group.stops) if value}

    def slot_values(
        self, state: PatternState, text: str, pieces: Sequence[TextPiece]
    ) -> list[tuple[str, str]]:
        key = group_key(state)
        if key not in self.index.groups:  # the group went while its pattern stayed
            return []
        return list(self.slots(key, text).items())

    def summary(
        self, key: str, texts: Sequence[str], held: Sequence[Wording] | None = None
    ) -> GroupSummary:
        chosen = texts[:: max(1, len(texts) // _SHOWN)][
            :_SHOWN
        ]  # evenly: equal texts stand together
        fills = [pair for text in chosen for pair in self.slots(key, text).items()]
        return GroupSummary(None, self.template(key), {}, fills)

    def apply_summary(self, state: PatternState, summary: GroupSummary) -> None:
        super().apply_summary(state, summary)
        state.sketches.pop("text", None)  # the only slot before there was a template
        state.fill(summary.fills)

    def remove(self, key: str) -> None:
        self.index.remove(key)

    def to_bytes(self) -> bytes:
        return msgspec.msgpack.encode(_DrainState(self.limit, list(self.index.groups.values())))

    def restore(self, data: bytes) -> None:
        state = msgspec.msgpack.decode(data, type=_DrainState)
        self.limit = state.limit
        for group in state.groups:
            self.index.add(group)

    def _match_skeleton(self, found: Skeleton) -> Candidate | None:
        group = self.index.find_equal(found)
        if group is not None:
            score = _DOUBT if group.doubtful else 1.0
            return Candidate(group.key, score, *self.index.find_nearest(found, group.key))
        fitting = self.index.find_fitting(found)
        if fitting is None:
            return None
        key, form = fitting
        return Candidate(key, measure_explained(form, found), *self.index.find_nearest(found, key))

    def _join_family(self, found: Skeleton) -> Candidate | None:
        """The group this skeleton differs from in one slot only, judged like a family."""
        families: dict[tuple[int, int], list[tuple[Entry, Skeleton]]] = defaultdict(list)
        for entry in self.index.neighbours(found):
            start, end = _compare_ends(entry[1], found)
            filler = entry[1][start : len(entry[1]) - end]
            if filler and start + end < len(found):
                families[start, end].append((entry, filler))
        for (start, end), family in sorted(families.items()):
            own = found[start : len(found) - end]
            fillers = sorted({own, *(_close_open_places(filler) for _, filler in family)})
            if weigh_slot(found[:start], found[len(found) - end :], fillers):
                return self._widen_form(found, [entry for entry, _ in family])
        return None

    def _widen_form(self, found: Skeleton, family: list[Entry]) -> Candidate | None:
        """Makes the most used form of a family fit the skeleton too."""
        groups = self.index.groups
        key, form = max(family, key=lambda entry: (groups[entry[0]].uses, entry))
        wider = generalise_form(form, found)
        if wider is None or not fits(wider, found):
            return None
        group = self.index.remove(key)
        group.forms = [wider if one == form else one for one in group.forms]
        group.digests = [*group.digests, digest_skeleton(found)][-_DIGESTS:]
        group.stops = []  # until a repair has seen what fills the wider place
        self.index.add(group)
        return Candidate(key, measure_explained(wider, found), *self.index.find_nearest(found, key))


def _close_open_places(filler: Skeleton) -> Skeleton:
    """A filler as `weigh_slot` knows it: an open place is a hole."""
    return tuple(HOLE if is_open(key) else key for key in filler)


def _compare_ends(left: Skeleton, right: Skeleton) -> tuple[int, int]:
    """How many keys the two share at the front and, of the rest, at the back."""
    most = min(len(left), len(right))
    start = next((i for i in range(most) if left[i] != right[i]), most)
    rest = most - start
    end = next((i for i in range(rest) if left[-1 - i] != right[-1 - i]), rest)
    return start, end
