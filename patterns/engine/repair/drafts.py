"""Copies of partitions for planning, and what came since a copy was made."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import TYPE_CHECKING

from patterns.engine.grouping.prompts.grouper import PromptGrouper
from patterns.engine.grouping.registry import AnyGrouper, method_of
from patterns.engine.pattern.pattern_state import PatternState
from patterns.engine.recognizer_state.reservoir import Sample
from patterns.engine.repair.plan import Draft, Looks, Plan

if TYPE_CHECKING:
    from patterns.engine.recognizer import DefaultPatternRecognizer


def drafts_of(recognizer: DefaultPatternRecognizer) -> list[Draft]:
    """A copy of every partition that has samples, for planning."""
    parts = recognizer.reservoir.by_partition()
    return [
        draft(recognizer, name, samples)
        for name, samples in parts.items()
        if name in recognizer.groupers
    ]


def newcomers(recognizer: DefaultPatternRecognizer, name: str, known: Container[str]) -> Draft:
    """What the reservoir holds of a partition beside the samples known, oldest first."""
    held = recognizer.reservoir.in_order().get(name, [])
    return draft(recognizer, name, [sample for sample in held if sample.id not in known])


def draft(recognizer: DefaultPatternRecognizer, name: str, samples: Sequence[Sample]) -> Draft:
    founded, worded = {}, {}
    for sample in samples:
        if sample.key in recognizer.owners:
            founder = recognizer.states.get(recognizer.owners[sample.key])
            founded[sample.key] = founder.created_at if founder else recognizer.now
            if founder is not None and sample.key in recognizer.decisions.slots:
                worded[sample.key] = founder.wording
    method = method_of(recognizer.groupers[name]) or ""
    found = [(sample.id, sample.text, sample.key) for sample in samples]
    return Draft(name, method, recognizer.seed, recognizer.now, found, founded, worded)


def present(recognizer: DefaultPatternRecognizer) -> dict[str, Plan]:
    """The groups as they are now, as plans: put in place later, they bring this state back."""
    plans = {}
    for name, samples in recognizer.reservoir.in_order().items():
        grouper = recognizer.groupers.get(name)
        if grouper is None:
            continue
        keys = {s.id: s.key for s in samples if s.key in recognizer.owners}
        states = {key: recognizer.states.get(recognizer.owners[key]) for key in keys.values()}
        looks = {key: _look(grouper, key, state) for key, state in states.items() if state}
        keys = {sample: key for sample, key in keys.items() if key in looks}
        plans[name] = Plan(method_of(grouper) or "", grouper.to_bytes(), keys, looks)
    return plans


def _look(grouper: AnyGrouper, key: str, state: PatternState) -> Looks:
    skeleton = None
    if isinstance(grouper, PromptGrouper):
        skeleton = grouper.skeleton(key) if key in grouper.groups else state.skeleton
    return Looks(skeleton, state.template, dict(state.sketches), [], wording=state.wording)
