"""Copies of partitions for planning, and what came since a copy was made."""

from __future__ import annotations

from collections.abc import Container, Sequence

from patterns.engine.grouping.grouper import Grouper, GroupSummary
from patterns.engine.pattern.pattern_state import PatternState
from patterns.engine.recognizer_state.recognizer_state import RecognizerState
from patterns.engine.recognizer_state.reservoir import Sample
from patterns.engine.repair.plan import Draft, RepairPlan


def draft_partitions(memory: RecognizerState) -> list[Draft]:
    """A copy of every partition that has samples, for planning."""
    parts = memory.reservoir.by_partition()
    return [
        draft_partition(memory, name, samples)
        for name, samples in parts.items()
        if name in memory.groupers
    ]


def draft_newcomers(memory: RecognizerState, name: str, known: Container[str]) -> Draft:
    """What the reservoir holds of a partition beside the samples known, oldest first."""
    held = memory.reservoir.in_order().get(name, [])
    return draft_partition(memory, name, [sample for sample in held if sample.id not in known])


def draft_partition(memory: RecognizerState, name: str, samples: Sequence[Sample]) -> Draft:
    """A draft with these samples of a partition."""
    founded, worded = {}, {}
    for sample in samples:
        if sample.key in memory.patterns.owners:
            founder = memory.patterns.owner(sample.key)
            founded[sample.key] = founder.created_at if founder else memory.now
            if founder is not None and sample.key in memory.decisions.slots:
                worded[sample.key] = founder.wording
    method = memory.groupers[name].method
    found = [(sample.id, sample.text, sample.key) for sample in samples]
    return Draft(name, method, memory.seed, memory.now, found, founded, worded)


def plan_present(memory: RecognizerState) -> dict[str, RepairPlan]:
    """The present groups as plans; applying them later restores the present state."""
    return {
        name: _plan_partition(memory, memory.groupers[name], samples)
        for name, samples in memory.reservoir.in_order().items()
        if name in memory.groupers
    }


def _plan_partition(
    memory: RecognizerState, grouper: Grouper, samples: Sequence[Sample]
) -> RepairPlan:
    keys = {s.id: s.key for s in samples if s.key in memory.patterns.owners}
    states = {key: memory.patterns.owner(key) for key in keys.values()}
    summaries = {
        key: _summarise_group(grouper, key, state) for key, state in states.items() if state
    }
    keys = {sample: key for sample, key in keys.items() if key in summaries}
    return RepairPlan(grouper.method, grouper.to_bytes(), keys, summaries)


def _summarise_group(grouper: Grouper, key: str, state: PatternState) -> GroupSummary:
    skeleton = (grouper.skeleton(key) or state.skeleton) if grouper.anchored else None
    sketches = dict(state.sketches)
    return GroupSummary(skeleton, state.template, sketches, [], wording=state.wording)
