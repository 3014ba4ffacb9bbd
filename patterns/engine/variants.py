"""Templates that differ only in the data they carry are one: optional sections, repeated rows.

Two templates with long static text in common are variants of one when whatever else they have
stands beside values of its own (`Mention the deadline <date>`, one more `[3] <passage>`). Where
one has words and no value in a gap ("in one sentence"), they instruct differently and stay apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from patterns.engine.corpus import Ints
from patterns.engine.selection import WORTHY, Selection

COMMON = 14  # static tokens two variants share at least
EXTRA_SHARE = 0.6  # and what else either has is at most that part of it
OPTIONAL_SHARE = 1.2  # when one of them is all that is common: the other has optional sections
COMMON_RUNS = 6
SLOT = -1
RARE_SHARE = 0.1


def variants(selection: Selection, chosen: Sequence[int]) -> list[list[int]]:
    """The chosen candidates in groups, each one template with its variants."""
    leader = {candidate: candidate for candidate in chosen}
    for left, right in _pairs(selection, chosen):
        if _root(leader, left) != _root(leader, right) and _alike(selection, left, right):
            first, second = sorted((_root(leader, left), _root(leader, right)))
            leader[second] = first
    for siblings in _swaps(selection, chosen):
        for candidate in siblings[1:]:
            first, second = sorted((_root(leader, siblings[0]), _root(leader, candidate)))
            leader[second] = first
    groups: dict[int, list[int]] = {}
    for candidate in chosen:
        groups.setdefault(_root(leader, candidate), []).append(candidate)
    return list(groups.values())


def _swaps(selection: Selection, chosen: Sequence[int]) -> list[list[int]]:
    """Templates alike but for one word: a slot when it takes three values, or any at all.

    Two values are two templates: "BigQuery" or "PostgreSQL" is more likely an instruction.
    """
    found: dict[tuple[int, ...], list[tuple[int, int]]] = {}
    for candidate in chosen:
        outline = _outline(selection, candidate)
        if sum(token >= 0 for token in outline) >= COMMON:
            for place, token in enumerate(outline):
                blank = (*outline[:place], SLOT, *outline[place + 1 :])
                found.setdefault(blank, []).append((candidate, token))
    return [
        sorted({candidate for candidate, _ in pairs})
        for pairs in found.values()
        if len({token for _, token in pairs}) >= 3
        or (len(pairs) > 1 and any(token == SLOT for _, token in pairs))
    ]


def _outline(selection: Selection, candidate: int) -> tuple[int, ...]:
    """The static tokens of a candidate, with `SLOT` between them."""
    table, corpus = selection.skeletons, selection.skeletons.corpus
    text = selection.example(candidate)
    own = _covered(np.isin(corpus.runs_of(text), table.runs[candidate]))
    tokens = corpus.token[corpus.start[text] : corpus.start[text] + len(own)]
    outline: list[int] = []
    for token, static in zip(tokens.tolist(), own.tolist(), strict=True):
        if static:
            outline.append(token)
        elif not outline or outline[-1] != SLOT:
            outline.append(SLOT)
    return tuple(outline)


def _root(leader: dict[int, int], candidate: int) -> int:
    while leader[candidate] != candidate:
        candidate = leader[candidate]
    return candidate


def _pairs(selection: Selection, chosen: Sequence[int]) -> list[tuple[int, int]]:
    """Pairs with enough runs in common, most first."""
    by_run: dict[int, list[int]] = {}
    for candidate in chosen:
        for run in selection.skeletons.runs[candidate].tolist():
            by_run.setdefault(run, []).append(candidate)
    shared: Counter[tuple[int, int]] = Counter()
    for holders in by_run.values():
        for i, left in enumerate(holders[:200]):
            for right in holders[i + 1 : 200]:
                shared[left, right] += 1
    return [
        pair for pair, n in sorted(shared.items(), key=lambda p: (-p[1], p[0])) if n >= COMMON_RUNS
    ]


def _alike(selection: Selection, left: int, right: int) -> bool:
    runs = selection.skeletons.runs
    common = np.intersect1d(runs[left], runs[right], assume_unique=True)
    if _is_rare_case(selection, left, right, common) or _is_rare_case(
        selection, right, left, common
    ):
        return True
    nested = len(common) in (len(runs[left]), len(runs[right]))
    share = OPTIONAL_SHARE if nested else EXTRA_SHARE
    return _is_data(selection, left, common, share) and _is_data(selection, right, common, share)


def _is_rare_case(selection: Selection, rare: int, usual: int, common: Ints) -> bool:
    """A few texts that have all of a real template, and by chance the same value in a slot."""
    table = selection.skeletons
    if len(common) < len(table.runs[usual]):
        return False
    few = int(np.count_nonzero(selection.owner == rare))
    often = max(3, RARE_SHARE * table.sizes[usual])
    return few <= often and bool(table.static[usual] >= WORTHY)


def _is_data(selection: Selection, candidate: int, common: Ints, share: float) -> bool:
    """What a candidate has beside the common runs is little, and stands next to values."""
    corpus = selection.skeletons.corpus
    text = selection.example(candidate)
    own_runs = corpus.runs_of(text)
    own = _covered(np.isin(own_runs, selection.skeletons.runs[candidate]))
    shared = _covered(np.isin(own_runs, common))
    first = corpus.start[text]
    together = int(np.count_nonzero(shared))
    extra = own & ~shared
    if together < COMMON or int(np.count_nonzero(extra)) > share * together:
        return False
    tokens = corpus.token[first : first + len(own)]
    valued = ~own | np.isin(tokens, corpus.typed)
    gap = np.cumsum(np.concatenate([[0], np.diff(shared.astype(np.int8)) != 0]))
    return not set(gap[extra].tolist()) - set(gap[valued & ~shared].tolist())


def _covered(
    hit: np.ndarray[tuple[int, ...], np.dtype[np.bool_]],
) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    covered = np.zeros(len(hit) + 2, dtype=bool)
    covered[:-2] |= hit
    covered[1:-1] |= hit
    covered[2:] |= hit
    return covered
