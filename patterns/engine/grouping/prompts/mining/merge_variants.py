"""Frames that differ only in the data they carry are one template: optional sections, rows, values.

Two frames with much static text in common are one when whatever else either has brings values of
its own (`Mention the deadline <date>`, one more `[3] <passage>`) or is punctuation. Where words
stand against other words, or against none ("in one sentence"), they instruct differently and stay
apart, unless three frames or more differ at that one place: then it is a slot.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import msgspec
import numpy as np

from patterns.engine.grouping.prompts.mining.common_ngrams import Frame, join_frames, mark_static
from patterns.engine.grouping.prompts.mining.corpus import Corpus, Ints
from patterns.engine.grouping.prompts.mining.merge_single_slot import find_single_slots
from patterns.engine.grouping.prompts.mining.union_find import (
    find_root,
    group_connected,
    join_sets,
)

COMMON = 14  # static tokens two variants share at least
CHOSEN = 6  # the same when three or more differ at one place
EXTRA_SHARE = 0.6  # and what else either has is at most that part of it
OPTIONAL_SHARE = 1.2  # when one of them is all that is common: the other has optional sections
CHOICE_SHARE = 0.3
COMMON_RUNS = 4
ALTERNATIVES = 3
RARE_SHARE = 0.1
VALUE = 3  # tokens of a frequent value, where another frame has a slot
WORTHY = 10  # static tokens of a real template
MOST_HOLDERS = 200

Place = tuple[int, int, int, int]


class FrameGap(msgspec.Struct):
    """What stands between two static tokens and the next two: words and values, how many times."""

    words: int = 0
    values: int = 0
    tokens: int = 0
    times: int = 0


class FrameComparison(msgspec.Struct):
    """Whether two frames are one template, whether words differ, and the place if it is only one."""

    same: bool
    worded: bool
    place: Place | None


def merge_variants(corpus: Corpus, frames: Sequence[Frame]) -> list[Frame]:
    """The frames, those that are variants of each other joined."""
    same, plain = list(range(len(frames))), list(range(len(frames)))
    places: dict[tuple[str, int, int], set[tuple[int, int]]] = defaultdict(set)
    for left, right in _find_pairs(frames):
        found = _compare_frames(corpus, frames[left], frames[right])
        if found.same:
            join_sets(same, left, right)
            if not found.worded:
                join_sets(plain, left, right)
        if found.place is not None:
            for border in (("before", *found.place[:2]), ("after", *found.place[2:])):
                places[border].add((left, right))
    for edges in places.values():
        alternatives = {(find_root(plain, left), find_root(plain, right)) for left, right in edges}
        for group in group_connected(alternatives):
            if len(group) >= ALTERNATIVES:
                for one in group[1:]:
                    join_sets(same, group[0], one)
    for group in find_single_slots(corpus, frames):
        for one in group[1:]:
            join_sets(same, group[0], one)
    groups: dict[int, list[Frame]] = {}
    for number, frame in enumerate(frames):
        groups.setdefault(find_root(same, number), []).append(frame)
    return [join_frames(corpus, group) for group in groups.values()]


def _find_pairs(frames: Sequence[Frame]) -> list[tuple[int, int]]:
    """Pairs with enough runs in common, most first."""
    by_run: dict[int, list[int]] = {}
    for number, frame in enumerate(frames):
        for run in frame.runs.tolist():
            by_run.setdefault(run, []).append(number)
    shared: Counter[tuple[int, int]] = Counter()
    for holders in by_run.values():
        for i, left in enumerate(holders[:MOST_HOLDERS]):
            for right in holders[i + 1 : MOST_HOLDERS]:
                shared[left, right] += 1
    return [
        pair for pair, n in sorted(shared.items(), key=lambda p: (-p[1], p[0])) if n >= COMMON_RUNS
    ]


def _compare_frames(corpus: Corpus, left: Frame, right: Frame) -> FrameComparison:
    common = np.intersect1d(left.runs, right.runs, assume_unique=True)
    ours, theirs = _find_gaps(corpus, left, common), _find_gaps(corpus, right, common)
    together = _count_common(corpus, left, common)
    extra = max(sum(gap.tokens for gap in side.values()) for side in (ours, theirs))
    pairs = _pair_gaps(ours, theirs)
    worded = [place for place, (one, other) in pairs.items() if one.words or other.words]
    place = None
    if len(worded) == 1 and max(one.times for one in pairs[worded[0]]) < 2:
        longest = max(one.tokens for one in pairs[worded[0]])
        least = CHOSEN if longest <= VALUE else COMMON
        place = worded[0] if together >= least and extra <= CHOICE_SHARE * together else None
    nested = len(common) in (len(left.runs), len(right.runs))
    share = OPTIONAL_SHARE if nested else EXTRA_SHARE
    same = _is_rare(left, right, together, ours, theirs) or _is_rare(
        right, left, together, theirs, ours
    )
    if not any(_is_choice(one, other) for one, other in pairs.values()):
        same |= together >= COMMON and extra <= share * together
    return FrameComparison(same, bool(worded), place)


def _pair_gaps(
    ours: dict[Place, FrameGap], theirs: dict[Place, FrameGap]
) -> dict[Place, tuple[FrameGap, FrameGap]]:
    """Gaps of either at the same place; static words that recur may hide one border of it."""
    left = {place: gap for place, gap in theirs.items() if place not in ours}
    pairs: dict[Place, tuple[FrameGap, FrameGap]] = {}
    for place, gap in ours.items():
        other = place
        if place not in theirs:
            near = [one for one in left if one[:2] == place[:2] or one[2:] == place[2:]]
            other = near[0] if len(near) == 1 else place
        pairs[place] = (gap, theirs.get(other, FrameGap()))
        left.pop(other, None)
    pairs |= {place: (FrameGap(), gap) for place, gap in left.items()}
    return {place: pairs[place] for place in sorted(pairs)}


def _count_common(corpus: Corpus, frame: Frame, common: Ints) -> int:
    return int(np.count_nonzero(mark_static(corpus, frame.example, common)))


def _is_choice(one: FrameGap, other: FrameGap) -> bool:
    if not one.words and not other.words:
        return False
    if max(one.times, other.times) > 1 and one.values and other.values:
        return False  # rows
    if one.words and other.words:
        return True
    rich, poor = (one, other) if one.words else (other, one)
    is_value = not rich.values and poor.values == 1 and rich.tokens <= VALUE
    return rich.values <= poor.values and not is_value


def _is_rare(
    rare: Frame,
    usual: Frame,
    together: int,
    own: dict[Place, FrameGap],
    theirs: dict[Place, FrameGap],
) -> bool:
    """A few texts that have all of a real template, and by chance the same value in a slot."""
    if len(rare.texts) > max(3, RARE_SHARE * len(usual.texts)):
        return False
    if sum(gap.tokens for gap in theirs.values()) > RARE_SHARE * together:
        return False
    slots = [place for place, gap in theirs.items() if gap.values]
    before, after = {place[:2] for place in slots}, {place[2:] for place in slots}
    return all(
        not gap.words or place[:2] in before or place[2:] in after for place, gap in own.items()
    )


def _find_gaps(corpus: Corpus, frame: Frame, common: Ints) -> dict[Place, FrameGap]:
    text = frame.example
    own = mark_static(corpus, text, frame.runs)
    shared = mark_static(corpus, text, common)
    tokens = corpus.token[corpus.start[text] : corpus.start[text] + len(own)]
    typed = np.isin(tokens, corpus.typed)
    slot = ~own
    begins = slot & ~np.concatenate([[False], slot[:-1]])
    words = own & corpus.wordy[tokens] & ~typed
    edges = np.nonzero(np.diff(np.concatenate([[True], shared, [True]]).astype(np.int8)))[0]
    found: dict[Place, FrameGap] = {}
    for first, last in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        before, after = tokens[max(0, first - 2) : first], tokens[last : last + 2]
        place = (*_pad_pair(before.tolist()), *_pad_pair(after.tolist()))
        gap = found.setdefault(place, FrameGap())
        inside = slice(first, last)
        gap.words += int(np.count_nonzero(words[inside]))
        gap.values += int(np.count_nonzero(begins[inside]))
        gap.values += int(np.count_nonzero((typed & own)[inside]))
        gap.tokens += int(np.count_nonzero(own[inside]))
        gap.times += 1
    return found


def _pad_pair(tokens: list[int]) -> tuple[int, int]:
    first, second, *_ = [*tokens, -1, -1]
    return first, second
