"""Repair: each partition is grouped anew from the reservoir, and the patterns follow.

The outcome does not depend on the order of arrival. Ids survive: a new group takes over the
pattern that most of its samples belonged to, the other patterns redirect.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import msgspec

from patterns.engine.drain import DrainGrouper
from patterns.engine.partitions import AnyGrouper, suited
from patterns.engine.pattern import Change, Consolidation
from patterns.engine.prompts import PromptGrouper
from patterns.engine.rendering import pieces_of, template_of, values_of
from patterns.engine.reservoir import Sample
from patterns.engine.templates import PatternState

if TYPE_CHECKING:
    from patterns.engine.recognizer import DefaultPatternRecognizer

TAUGHT = 200  # samples of a partition that teach what a score is worth
SHOWN = 40  # samples of a group that fill the slots of its template


def never() -> bool:
    return False


def consolidate(
    recognizer: DefaultPatternRecognizer,
    should_stop: Callable[[], bool],
    progress: Callable[[int, int], None] | None,
) -> Consolidation:
    changes: list[Change] = []
    redirects: dict[str, str] = {}
    moved: dict[str, str] = {}
    parts = recognizer.reservoir.by_partition()
    for number, (name, samples) in enumerate(parts.items()):
        if should_stop():
            return Consolidation(tuple(changes), redirects, moved, complete=False)
        done = _Repair(recognizer, name, samples).run()
        changes += done.changes
        redirects.update(done.redirects)
        moved.update(done.moved)
        if progress is not None:
            progress(number + 1, len(parts))
    recognizer.make_room()
    return Consolidation(tuple(changes), redirects, moved)


class _Repair:
    """One partition."""

    def __init__(
        self, recognizer: DefaultPatternRecognizer, name: str, samples: Sequence[Sample]
    ) -> None:
        self.recognizer, self.name, self.samples = recognizer, name, samples
        self.texts = [sample.text for sample in samples]
        self.groups: list[int] = []
        self.keys: dict[int, str] = {}
        self.rest: list[PatternState] = []

    def run(self) -> Consolidation:
        recognizer = self.recognizer
        grouper = recognizer.groupers.get(self.name)
        if grouper is None:
            return Consolidation()
        known = grouper
        grouper = suited(grouper, self.texts, self.name, recognizer.passages, recognizer.embedder)
        self.groups = grouper.regroup(self.texts)
        self._let_go()
        self._name_groups()
        self._teach(known)
        before = [recognizer.owners.get(sample.key, "") for sample in self.samples]
        self._set_aside()
        grouper.rebuild(self.texts, self.groups, self.keys)
        recognizer.groupers[self.name] = grouper
        self._take_over()
        self._put_back()
        return self._report(before)

    def _let_go(self) -> None:
        """A text that stands alone, whose pattern was evicted, is not brought back."""
        size = Counter(self.groups)
        kept = [
            (group, sample)
            for group, sample in zip(self.groups, self.samples, strict=True)
            if size[group] > 1 or sample.key in self.recognizer.owners
        ]
        if len(kept) < len(self.samples):
            alive = {sample.id for _, sample in kept}
            for sample in self.samples:
                if sample.id not in alive:
                    self.recognizer.reservoir.discard(sample.id)
            self.groups = [group for group, _ in kept]
            self.samples = [sample for _, sample in kept]
            self.texts = [sample.text for sample in self.samples]

    def _name_groups(self) -> None:
        """Each group takes the key it shares most samples with; nobody else gets that key."""
        pairs = Counter(
            (group, sample.key) for group, sample in zip(self.groups, self.samples, strict=True)
        )
        taken: set[str] = set()
        for (group, key), _ in sorted(pairs.items(), key=lambda p: (-p[1], p[0][1], p[0][0])):
            if group not in self.keys and key not in taken:
                self.keys[group] = key
                taken.add(key)
        for index, group in enumerate(self.groups):
            if group not in self.keys:
                self.keys[group] = self._fresh_key(self.samples[index])

    def _teach(self, grouper: AnyGrouper) -> None:
        """A match was right where the repair put the text with most of what its pattern matched.

        A pattern that is only part of a repaired one has matched nothing wrongly.
        """
        pairs = zip(self.samples[:TAUGHT], self.groups, strict=False)
        found = [(sample, group, grouper.match(sample.text)) for sample, group in pairs]
        votes: dict[str, Counter[int]] = {}
        for _, group, candidate in found:
            if candidate is not None:
                votes.setdefault(candidate.key, Counter())[group] += 1
        for sample, group, candidate in found:
            if candidate is not None:
                most = max(votes[candidate.key].items(), key=lambda pair: (pair[1], -pair[0]))[0]
                self.recognizer.teach(self.name, candidate, sample.text, group == most)

    def _fresh_key(self, sample: Sample) -> str:
        founder = self.recognizer.states.get(self.recognizer.owners.get(sample.key, ""))
        created = founder.created_at if founder is not None else self.recognizer.now
        return self.recognizer.fresh_id(created, sample.id, self.name, sample.text, "split")

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

    def _take_over(self) -> None:
        """Splits the histories of the old patterns among the new by the samples they shared."""
        recognizer = self.recognizer
        old = {s.id: s for s in recognizer if s.partition == self.name}
        had = Counter(recognizer.owners.get(sample.key, "") for sample in self.samples)
        shares = Counter(
            (self.keys[group], recognizer.owners.get(sample.key, ""))
            for group, sample in zip(self.groups, self.samples, strict=True)
        )
        by_key: dict[str, list[tuple[PatternState, float]]] = {}
        for (key, owner), n in sorted(shares.items()):
            by_key.setdefault(key, [])
            if owner in old:
                by_key[key].append((old[owner], n / had[owner]))
        fresh = [self._state(key, sources) for key, sources in by_key.items()]
        kept = {state.id for state in fresh}
        for owner in sorted({owner for owner in had if owner in old} - kept):
            if not old[owner].pinned:
                recognizer.release(owner)
        for state in fresh:
            recognizer.states[state.id] = state
            recognizer.owners[state.key] = state.id
        self._render({state.key: state for state in fresh})

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
        texts = [
            text
            for group, text in zip(self.groups, self.texts, strict=True)
            if self.keys[group] == key
        ]
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

    def _render(self, states: dict[str, PatternState]) -> None:
        grouper = self.recognizer.groupers[self.name]
        members: dict[str, list[str]] = {}
        for group, text in zip(self.groups, self.texts, strict=True):
            members.setdefault(self.keys[group], []).append(text)
        for key, state in states.items():
            for part in state.template:  # values of slots that are no more
                state.sketches.pop(part.slot, None)
            if isinstance(grouper, PromptGrouper):
                state.skeleton = grouper.skeleton(key)
                anchors = frozenset(state.skeleton.anchors)
                cut = [pieces_of(text, anchors) for text in members[key][:SHOWN]]
                state.template = template_of(cut[0])
                for pieces in cut:
                    state.fill(values_of(pieces, state.template))
            else:
                state.template = grouper.template(key)
            if isinstance(grouper, DrainGrouper):
                state.sketches.pop("text", None)  # the only slot before there was a template
                for text in members[key][:SHOWN]:
                    state.fill(grouper.slots(key, text).items())
            self.recognizer.settle(state)
            self.recognizer.measure(state)

    def _report(self, before: Sequence[str]) -> Consolidation:
        recognizer = self.recognizer
        redirects: dict[str, str] = {}
        moved: dict[str, str] = {}
        flows: Counter[tuple[str, str]] = Counter()
        for group, sample, old in zip(self.groups, self.samples, before, strict=True):
            sample.key = self.keys[group]
            new = recognizer.owners[sample.key]
            flows[old, new] += 1
            if new != old:
                moved[sample.id] = new
        for (old, new), _ in sorted(flows.items(), key=lambda f: (f[1], f[0])):
            if old and old not in recognizer.states:
                redirects[old] = new
        return Consolidation(tuple(_changes(flows, recognizer.states)), redirects, moved)


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
