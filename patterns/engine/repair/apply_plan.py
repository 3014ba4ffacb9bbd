"""Put the plan of one partition in place: groups, patterns, histories, calibration."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from patterns.engine.domain.results import Change, Consolidation
from patterns.engine.grouping.logs.grouper import DrainGrouper
from patterns.engine.grouping.prompts.grouper import PromptGrouper
from patterns.engine.grouping.registry import AnyGrouper
from patterns.engine.pattern.pattern_state import PatternState
from patterns.engine.recognizer_state.reservoir import Sample
from patterns.engine.repair.drafts import draft
from patterns.engine.repair.plan import Plan
from patterns.engine.repair.planner import take_in

if TYPE_CHECKING:
    from patterns.engine.recognizer import DefaultPatternRecognizer

TAUGHT = 200  # samples of a partition that teach what a score is worth


class _Repair:
    """One partition."""

    def __init__(
        self,
        recognizer: DefaultPatternRecognizer,
        name: str,
        plan: Plan,
        held: Sequence[Sample],
    ) -> None:
        self.recognizer, self.name, self.plan, self.held = recognizer, name, plan, held

    def run(self) -> Consolidation:
        recognizer, plan = self.recognizer, self.plan
        known = recognizer.groupers[self.name]
        grouper = plan.grouper(self.name, recognizer.passages, recognizer.embedder)
        self._let_go()
        held = {s.id: s for s in self.held if s.id in recognizer.reservoir.samples}
        came = [sample for sample in held.values() if sample.id not in plan.keys]
        texts = {sample.id: sample.text for sample in held.values()}
        take_in(grouper, plan, draft(recognizer, self.name, came), texts)
        self.samples = [held[name] for name in plan.keys if name in held]
        self.keys = [plan.keys[sample.id] for sample in self.samples]
        self._teach(known)
        before = [recognizer.owners.get(sample.key, "") for sample in self.samples]
        self._set_aside()
        recognizer.groupers[self.name] = grouper
        self._take_over()
        self._put_back()
        self._forget_empty(grouper)
        return self._report(before)

    def _let_go(self) -> None:
        """What the plan lets go, unless it has a pattern by now."""
        recognizer, plan = self.recognizer, self.plan
        for name in [name for name, key in plan.keys.items() if not key]:
            del plan.keys[name]
            sample = recognizer.reservoir.samples.get(name)
            if sample is not None and sample.key not in recognizer.owners:
                recognizer.reservoir.discard(name)

    def _teach(self, grouper: AnyGrouper) -> None:
        """A match was right where the repair put the text with most of what its pattern matched.

        A pattern that is only part of a repaired one has matched nothing wrongly.
        """
        pairs = zip(self.samples[:TAUGHT], self.keys, strict=False)
        found = [(sample, key, grouper.match(sample.text)) for sample, key in pairs]
        votes: dict[str, Counter[str]] = {}
        for _, key, candidate in found:
            if candidate is not None:
                votes.setdefault(candidate.key, Counter())[key] += 1
        for sample, key, candidate in found:
            if candidate is not None:
                most = min(votes[candidate.key].items(), key=lambda pair: (-pair[1], pair[0]))[0]
                self.recognizer.teach(self.name, candidate, sample.text, key == most)

    def _set_aside(self) -> None:
        """Patterns of the partition without a sample keep what they are."""
        sampled = {self.recognizer.owners.get(sample.key) for sample in self.samples}
        self.rest = [
            state
            for state in self.recognizer
            if state.partition == self.name and state.id not in sampled and "#" not in state.key
        ]

    def _put_back(self) -> None:
        for state in self.rest:
            self.recognizer.add(state)

    def _forget_empty(self, grouper: AnyGrouper) -> None:
        """Groups of the plan whose samples are all gone by now, and with them their pattern."""
        alive = {*self.keys, *self.recognizer.owners}
        for key in self.plan.looks:
            if key not in alive:
                grouper.remove(key)

    def _take_over(self) -> None:
        """Splits the histories of the old patterns among the new by the samples they shared."""
        recognizer = self.recognizer
        old = {s.id: s for s in recognizer if s.partition == self.name}
        had = Counter(recognizer.owners.get(sample.key, "") for sample in self.samples)
        shares = Counter(
            (key, recognizer.owners.get(sample.key, ""))
            for key, sample in zip(self.keys, self.samples, strict=True)
        )
        by_key: dict[str, list[tuple[PatternState, float]]] = {}
        for (key, owner), n in sorted(shares.items()):
            by_key.setdefault(key, [])
            if owner in old:
                by_key[key].append((old[owner], n / had[owner]))
        fresh = united([self._state(key, sources) for key, sources in by_key.items()], old)
        kept = {state.id for state in fresh}
        for owner in sorted({owner for owner in had if owner in old} - kept):
            if not old[owner].pinned:
                recognizer.release(owner)
        for state in fresh:
            recognizer.states[state.id] = state
            recognizer.owners[state.key] = state.id
            self._dress(state)

    def _state(self, key: str, sources: Sequence[tuple[PatternState, float]]) -> PatternState:
        recognizer = self.recognizer
        first = recognizer.states.get(recognizer.owners.get(key, ""))
        largest = max(
            sources, key=lambda pair: (pair[1] * pair[0].use_count, pair[0].id), default=None
        )
        model = first or (largest[0] if largest else self._returned(key))
        state = PatternState(
            id=model.id if first is not None else key,
            partition=self.name,
            kind=model.kind,
            task_type=model.task_type,
            key=key,
            example=model.example,
        )
        for source, share in sources or [(model, 1.0)]:
            state.absorb(source, share)
        if first is not None:
            state.label, state.pinned = first.label, first.pinned
            state.right, state.wrong = first.right, first.wrong
            if method_keeps_slots(recognizer, self.name):
                state.sketches = first.sketches
        state.use_count = max(1, state.use_count)
        return state

    def _returned(self, key: str) -> PatternState:
        """What recurs after all, though its patterns were evicted one by one."""
        texts = [s.text for s, own in zip(self.samples, self.keys, strict=True) if own == key]
        kinds = ("chat", "json", "call", "list", "value")
        kind = next((one for one in kinds if f"|{one}" in self.name), "text")
        now = self.recognizer.now
        return PatternState(
            id=key,
            partition=self.name,
            kind=kind,
            key=key,
            use_count=len(texts),
            created_at=now,
            last_used=now,
            example=texts[0][:400],
        )

    def _dress(self, state: PatternState) -> None:
        """The state takes what the plan says of its group."""
        looks = self.plan.looks[state.key]
        state.template, state.cohesion = looks.template, looks.cohesion
        if looks.skeleton is not None:
            state.skeleton, state.sketches = looks.skeleton, looks.sketches
            state.wording = looks.wording
        if isinstance(self.recognizer.groupers[self.name], DrainGrouper):
            state.sketches.pop("text", None)  # the only slot before there was a template
            state.fill(looks.fills)
        self.recognizer.settle(state)
        self.recognizer.measure(state)

    def _report(self, before: Sequence[str]) -> Consolidation:
        recognizer = self.recognizer
        redirects: dict[str, str] = {}
        moved: dict[str, str] = {}
        flows: Counter[tuple[str, str]] = Counter()
        for key, sample, old in zip(self.keys, self.samples, before, strict=True):
            sample.key = key
            new = recognizer.owners[key]
            flows[old, new] += 1
            if new != old:
                moved[sample.id] = new
        for (old, new), _ in sorted(flows.items(), key=lambda f: (f[1], f[0])):
            if old and old not in recognizer.states:
                redirects[old] = new
        return Consolidation(tuple(_changes(flows, recognizer.states)), redirects, moved)


def united(states: Sequence[PatternState], old: Mapping[str, PatternState]) -> list[PatternState]:
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


def method_keeps_slots(recognizer: DefaultPatternRecognizer, name: str) -> bool:
    return not isinstance(recognizer.groupers[name], PromptGrouper)


def _changes(flows: Counter[tuple[str, str]], states: dict[str, PatternState]) -> list[Change]:
    into: dict[str, set[str]] = {}
    out: dict[str, set[str]] = {}
    for old, new in flows:
        if old:
            into.setdefault(new, set()).add(old)
            out.setdefault(old, set()).add(new)
    merged = [
        Change("merged", tuple(sorted(olds)), (new,))
        for new, olds in sorted(into.items())
        if any(old not in states for old in olds) and len(olds) > 1
    ]
    split = [
        Change("split", (old,), tuple(sorted(news)))
        for old, news in sorted(out.items())
        if len(news) > 1
    ]
    return merged + split
