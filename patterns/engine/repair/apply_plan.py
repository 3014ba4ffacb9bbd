"""Put the plan of one partition in place: groups, patterns, histories, calibration."""

from __future__ import annotations

from collections.abc import Sequence

from patterns.engine.domain.results import Consolidation
from patterns.engine.grouping.grouper import Grouper
from patterns.engine.pattern.pattern_state import PatternState
from patterns.engine.recognizer_state.decided_words import follow_merge, keep_word_slots
from patterns.engine.recognizer_state.recognizer_state import RecognizerState
from patterns.engine.recognizer_state.reservoir import Sample
from patterns.engine.repair.drafts import draft_partition
from patterns.engine.repair.plan import RepairPlan
from patterns.engine.repair.planner import take_in
from patterns.engine.repair.report_changes import report_changes
from patterns.engine.repair.share_history import Regrouped, share_history
from patterns.engine.repair.teach_confidence import teach_confidence


def apply_plan(
    memory: RecognizerState, name: str, plan: RepairPlan, held: Sequence[Sample]
) -> Consolidation:
    """Replaces the groups of the partition `name`; `held` are its samples, oldest first.

    What came since the plan was made joins its groups, what people changed since stays.
    """
    grouper = plan.build_grouper(name, memory.shared)
    _discard_let_go(memory, plan)
    regrouped = _regroup(memory, name, plan, grouper, held)
    teach_confidence(memory, regrouped)
    before = regrouped.owners(memory)
    rest = _find_without_samples(memory, name, before)
    memory.groupers[name] = grouper
    for state in share_history(memory, regrouped):
        _apply_summary(memory, plan, state)
    for state in rest:
        memory.adopt_pattern(state)
    _forget_empty(memory, plan, grouper, regrouped.keys)
    done = report_changes(memory.patterns, regrouped, before)
    for old, new in done.redirects.items():
        follow_merge(memory, old, new)
    return done


def _discard_let_go(memory: RecognizerState, plan: RepairPlan) -> None:
    """Discards the samples the plan lets go, unless they have a pattern by now."""
    for name in [name for name, key in plan.keys.items() if not key]:
        del plan.keys[name]
        sample = memory.reservoir.samples.get(name)
        if sample is not None and sample.key not in memory.patterns.owners:
            memory.reservoir.discard(name)


def _regroup(
    memory: RecognizerState,
    name: str,
    plan: RepairPlan,
    grouper: Grouper,
    held: Sequence[Sample],
) -> Regrouped:
    """The new group of each sample; those that are not in the plan join it."""
    known = {s.id: s for s in held if s.id in memory.reservoir.samples}
    came = [sample for sample in known.values() if sample.id not in plan.keys]
    texts = {sample.id: sample.text for sample in known.values()}
    take_in(grouper, plan, draft_partition(memory, name, came), texts)
    samples = [known[identifier] for identifier in plan.keys if identifier in known]
    return Regrouped(name, samples, [plan.keys[sample.id] for sample in samples])


def _find_without_samples(
    memory: RecognizerState, name: str, sampled: Sequence[str]
) -> list[PatternState]:
    """Patterns of the partition without a sample: they keep what they are."""
    ids = set(sampled)
    return [
        state
        for state in memory.patterns
        if state.partition == name and state.id not in ids and "#" not in state.key
    ]


def _apply_summary(memory: RecognizerState, plan: RepairPlan, state: PatternState) -> None:
    earlier = state.sketches
    memory.groupers[state.partition].apply_summary(state, plan.summaries[state.key])
    keep_word_slots(memory, state, earlier)
    memory.settle_pattern(state)
    memory.patterns.measure(state)


def _forget_empty(
    memory: RecognizerState, plan: RepairPlan, grouper: Grouper, keys: Sequence[str]
) -> None:
    """Groups of the plan whose samples are all gone by now, and with them their pattern."""
    alive = {*keys, *memory.patterns.owners}
    for key in plan.summaries:
        if key not in alive:
            grouper.remove(key)
