"""Divide the histories of old patterns among the groups that a repair made of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

from patterns.engine.pattern.pattern_state import EXAMPLE, PatternState
from patterns.engine.recognizer_state.decided_words import keep_word_slots
from patterns.engine.recognizer_state.recognizer_state import RecognizerState
from patterns.engine.recognizer_state.reservoir import Sample

Sources: TypeAlias = list[tuple[PatternState, float]]
"""Old patterns of a group, with the share (0 to 1) of their samples that it got."""


class Regrouped(NamedTuple):
    """The samples of a partition, oldest first, and the key of the new group of each."""

    partition: str
    samples: Sequence[Sample]
    keys: Sequence[str]

    def owners(self, memory: RecognizerState) -> list[str]:
        """The id of the pattern each sample led to so far; "" without one."""
        return [memory.patterns.owners.get(sample.key, "") for sample in self.samples]


def share_history(memory: RecognizerState, regrouped: Regrouped) -> list[PatternState]:
    """Splits the histories of the old patterns among the new by the samples they shared."""
    old = {s.id: s for s in memory.patterns if s.partition == regrouped.partition}
    owners = regrouped.owners(memory)
    sources = _find_sources(regrouped, owners, old)
    fresh = unite_merged(
        [_build_state(memory, regrouped, key, found) for key, found in sources.items()], old
    )
    for owner in sorted((set(owners) & old.keys()) - {state.id for state in fresh}):
        if not old[owner].pinned:
            memory.patterns.release(owner)
    for state in fresh:
        memory.patterns.add(state)
    return fresh


def _find_sources(
    regrouped: Regrouped, owners: Sequence[str], old: Mapping[str, PatternState]
) -> dict[str, Sources]:
    had = Counter(owners)
    shares = Counter(zip(regrouped.keys, owners, strict=True))
    found: dict[str, Sources] = {}
    for (key, owner), n in sorted(shares.items()):
        found.setdefault(key, [])
        if owner in old:
            found[key].append((old[owner], n / had[owner]))
    return found


def _build_state(
    memory: RecognizerState, regrouped: Regrouped, key: str, sources: Sources
) -> PatternState:
    """The pattern of a new group: the one its key leads to stays, the others are absorbed."""
    first = memory.patterns.owner(key)
    largest = max(sources, key=lambda pair: (pair[1] * pair[0].use_count, pair[0].id), default=None)
    model = first or (largest[0] if largest else _revive_pattern(memory, regrouped, key))
    state = PatternState(
        id=model.id if first is not None else key,
        partition=regrouped.partition,
        kind=model.kind,
        task_type=model.task_type,
        key=key,
        example=model.example,
    )
    for source, share in sources or [(model, 1.0)]:
        state.absorb(source, share)
    if first is not None:
        _keep_decided(state, first, not memory.groupers[regrouped.partition].anchored)
        keep_word_slots(memory, state, first.sketches)
    state.use_count = max(1, state.use_count)
    return state


def _keep_decided(state: PatternState, first: PatternState, keeps_slots: bool) -> None:
    """What people said of the pattern; the slots of an anchored method come with the plan."""
    state.label, state.pinned = first.label, first.pinned
    state.right, state.wrong = first.right, first.wrong
    if keeps_slots:
        state.sketches = first.sketches


def _revive_pattern(memory: RecognizerState, regrouped: Regrouped, key: str) -> PatternState:
    """A pattern for a group whose earlier patterns were all evicted."""
    pairs = zip(regrouped.samples, regrouped.keys, strict=True)
    texts = [sample.text for sample, own in pairs if own == key]
    kinds = ("chat", "json", "call", "list", "value")
    kind = next((one for one in kinds if f"|{one}" in regrouped.partition), "text")
    return PatternState(
        id=key,
        partition=regrouped.partition,
        kind=kind,
        key=key,
        use_count=len(texts),
        created_at=memory.now,
        last_used=memory.now,
        example=texts[0][:EXAMPLE],
    )


def unite_merged(
    states: Sequence[PatternState], old: Mapping[str, PatternState]
) -> list[PatternState]:
    """Groups that people merged are one pattern, which reads like the group it had before."""
    found: dict[str, PatternState] = {}
    for state in states:
        other = found.setdefault(state.id, state)
        if other is state:
            continue
        if state.id in old and old[state.id].key == state.key:
            found[state.id], state, other = state, other, state
        other.absorb(state)
    return list(found.values())
