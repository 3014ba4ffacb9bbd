"""Repair: each partition is grouped anew from the reservoir, and the patterns follow.

The outcome does not depend on the order of arrival. Ids survive: a new group takes over the
pattern that most of its samples belonged to, the other patterns redirect. What is to become of a
partition is worked out from a copy (`planning`), and put in place here: at once, or later, after
the recogniser has learned more and people have changed patterns.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from patterns.engine.drain import DrainGrouper
from patterns.engine.partitions import AnyGrouper, method_of
from patterns.engine.pattern import Change, Consolidation
from patterns.engine.planning import Draft, Looks, Plan, Planner, take_in
from patterns.engine.prompts import PromptGrouper
from patterns.engine.reservoir import Sample
from patterns.engine.templates import PatternState

if TYPE_CHECKING:
    from patterns.engine.recognizer import DefaultPatternRecognizer

TAUGHT = 200  # samples of a partition that teach what a score is worth


def never() -> bool:
    return False


def consolidate(
    recognizer: DefaultPatternRecognizer,
    should_stop: Callable[[], bool],
    progress: Callable[[int, int], None] | None,
) -> Consolidation:
    """All of it here and now."""
    done: list[Consolidation] = []
    drafts, held = drafts_of(recognizer), recognizer.reservoir.in_order()
    for number, draft in enumerate(drafts):
        if should_stop():
            return together(done, complete=False)
        plan = Planner(draft, recognizer.passages, recognizer.embedder).run()
        done.append(_Repair(recognizer, draft.name, plan, held[draft.name]).run())
        if progress is not None:
            progress(number + 1, len(drafts))
    recognizer.make_room()
    return together(done)


def drafts_of(recognizer: DefaultPatternRecognizer) -> list[Draft]:
    """A copy of every partition that has samples, for planning."""
    parts = recognizer.reservoir.by_partition()
    return [
        _draft(recognizer, name, samples)
        for name, samples in parts.items()
        if name in recognizer.groupers
    ]


def put_in_place(recognizer: DefaultPatternRecognizer, plans: Mapping[str, Plan]) -> Consolidation:
    """Partitions as planned; what came since joins, and what people changed since stays."""
    held = recognizer.reservoir.in_order()
    done = [
        _Repair(recognizer, name, plan, held.get(name, [])).run()
        for name, plan in plans.items()
        if name in recognizer.groupers
    ]
    recognizer.make_room()
    return together(done)


def newcomers(recognizer: DefaultPatternRecognizer, name: str, known: Container[str]) -> Draft:
    """What the reservoir holds of a partition beside the samples known, oldest first."""
    held = recognizer.reservoir.in_order().get(name, [])
    return _draft(recognizer, name, [sample for sample in held if sample.id not in known])


def _draft(recognizer: DefaultPatternRecognizer, name: str, samples: Sequence[Sample]) -> Draft:
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


def together(parts: Sequence[Consolidation], complete: bool = True) -> Consolidation:
    """One account of several partitions."""
    changes = tuple(change for part in parts for change in part.changes)
    redirects = {old: new for part in parts for old, new in part.redirects.items()}
    moved = {name: new for part in parts for name, new in part.moved.items()}
    return Consolidation(changes, redirects, moved, complete)


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
        take_in(grouper, plan, _draft(recognizer, self.name, came), texts)
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


def copy_of(state: PatternState) -> PatternState:
    return msgspec.msgpack.decode(state.to_bytes(), type=PatternState)
