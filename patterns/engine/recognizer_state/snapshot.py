"""The recogniser's memory beside its patterns, as bytes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import msgspec

from patterns.engine.confidence.model import ConfidenceModel
from patterns.engine.domain.digests import clean
from patterns.engine.domain.observation import Observation
from patterns.engine.grouping.prompts.grouper import PromptGrouper
from patterns.engine.grouping.prompts.slot_ngrams import Passages
from patterns.engine.grouping.registry import AnyGrouper, grouper_for, made, method_of
from patterns.engine.pattern.anchors import Skeleton
from patterns.engine.pattern.pattern_state import PatternState
from patterns.engine.recognizer_state.human_decisions import Decisions
from patterns.engine.recognizer_state.reservoir import Sample
from patterns.engine.text.input_view import View, view_of

if TYPE_CHECKING:
    from patterns.engine.recognizer import DefaultPatternRecognizer


class _Snapshot(msgspec.Struct, array_like=True):
    version: str
    samples: list[Sample]
    decisions: Decisions
    methods: dict[str, str]
    groupers: dict[str, bytes]
    confidence: bytes
    learned: int
    passages: bytes
    merged: dict[str, dict[str, Skeleton]] = {}


def snapshot_of(recognizer: DefaultPatternRecognizer) -> bytes:
    methods: dict[str, str] = {n: method_of(g) or "" for n, g in recognizer.groupers.items()}
    data = {name: grouper.to_bytes() for name, grouper in recognizer.groupers.items()}
    kept = _Snapshot(
        recognizer.VERSION,
        recognizer.reservoir.to_list(),
        recognizer.decisions,
        methods,
        {name: content for name, content in data.items() if content},
        recognizer.confidence.to_bytes(),
        recognizer.learned,
        recognizer.passages.to_bytes(),
        _merged_groups(recognizer),
    )
    return msgspec.msgpack.encode(kept)


def _take_snapshot(
    recognizer: DefaultPatternRecognizer, data: bytes
) -> dict[str, dict[str, Skeleton]]:
    """Gives the groups that were merged; the states bring the others.

    Raises `msgspec.DecodeError` when the bytes are no snapshot of this version.
    """
    kept = msgspec.msgpack.decode(data, type=_Snapshot)
    recognizer.decisions, recognizer.learned = kept.decisions, kept.learned
    for sample in kept.samples:
        recognizer.reservoir.add(sample)
    recognizer.passages = Passages(kept.passages)
    for name, method in kept.methods.items():
        content = kept.groupers.get(name, b"")
        recognizer.groupers[name] = _grouper(recognizer, method, content, name)
    if kept.confidence:
        recognizer.confidence = ConfidenceModel.from_bytes(kept.confidence)
    return kept.merged


def restored(
    recognizer: DefaultPatternRecognizer,
    states: Iterable[PatternState],
    snapshot: bytes | None,
    since: Sequence[tuple[Observation, str]],
) -> DefaultPatternRecognizer:
    """Fills an empty recogniser: the snapshot, what was learned after it, the newest states."""
    merged = _take_snapshot(recognizer, snapshot) if snapshot else {}
    views = [(observation, view_of(observation), owner) for observation, owner in since]
    keys = {one.id: _learned_again(recognizer, one, view) for one, view, _ in views}
    for state in states:
        recognizer.add(state)
        recognizer.now = max(recognizer.now, state.last_used)
    _adopt(recognizer, merged)
    for observation, view, owner in views:
        key = keys[observation.id] or _key_of(recognizer, view, owner)
        sample = Sample(clean(observation.id), view.partition, view.text, key)
        recognizer.reservoir.add(sample)
        recognizer.now = max(recognizer.now, observation.timestamp)
    recognizer.learned += len(views)
    if since:
        _forget_evicted(recognizer)
    return recognizer


def _merged_groups(recognizer: DefaultPatternRecognizer) -> dict[str, dict[str, Skeleton]]:
    """Groups of prompts that a state does not hold: its pattern has the key of another group."""
    found: dict[str, dict[str, Skeleton]] = {}
    for key, owner in recognizer.decisions.merged.items():
        state = recognizer.states.get(owner)
        grouper = recognizer.groupers.get(state.partition) if state is not None else None
        if state is None or key == state.key or not isinstance(grouper, PromptGrouper):
            continue
        if key in grouper.groups:
            found.setdefault(state.partition, {})[key] = grouper.skeleton(key)
    return found


def _adopt(recognizer: DefaultPatternRecognizer, merged: dict[str, dict[str, Skeleton]]) -> None:
    """Groups that people merged lead to the pattern they were merged into."""
    decided = recognizer.decisions.merged
    recognizer.owners.update({k: p for k, p in decided.items() if p in recognizer.states})
    for name, groups in merged.items():
        grouper = recognizer.groupers.get(name)
        if not isinstance(grouper, PromptGrouper):
            continue
        for key in sorted(groups.keys() & recognizer.owners.keys() - grouper.groups.keys()):
            grouper.adopt(key, groups[key])


def _learned_again(
    recognizer: DefaultPatternRecognizer, observation: Observation, view: View
) -> str:
    """The grouper of the snapshot takes the text in as it did then, under the same key; the groups
    of prompts come with the states."""
    grouper = recognizer.groupers.get(view.partition)
    if grouper is None:
        grouper = grouper_for(view.kind, recognizer.passages)
        recognizer.groupers[view.partition] = grouper
    if isinstance(grouper, PromptGrouper):
        return ""
    fresh = recognizer.fresh_id(observation.timestamp, observation.id, view.partition, view.text)
    return grouper.learn(view.text, fresh).key


def _key_of(recognizer: DefaultPatternRecognizer, view: View, owner: str) -> str:
    grouper = recognizer.groupers[view.partition]
    if isinstance(grouper, PromptGrouper):
        grouper.recall(view.text)
    candidate = grouper.match(view.text)
    if candidate is not None and recognizer.owners.get(candidate.key) == owner:
        return candidate.key
    state = recognizer.states.get(owner)
    return state.key.partition("#")[0] if state is not None else owner


def _forget_evicted(recognizer: DefaultPatternRecognizer) -> None:
    """Groups of patterns that were evicted or pruned since the snapshot."""
    for grouper in recognizer.groupers.values():
        for key in grouper.known():
            if key not in recognizer.owners:
                grouper.remove(key)


def _grouper(
    recognizer: DefaultPatternRecognizer, method: str, content: bytes, name: str
) -> AnyGrouper:
    """The grouper as it was; one of another embedder's vectors is made anew from the reservoir."""
    passages, embedder = recognizer.passages, recognizer.embedder
    try:
        return made(method, content, name, passages, embedder)
    except ValueError:
        grouper = made(method, b"", name, passages, embedder)
    samples = [sample for sample in recognizer.reservoir.to_list() if sample.partition == name]
    keys = sorted({sample.key for sample in samples})
    numbers = {key: number for number, key in enumerate(keys)}
    grouper.rebuild(
        [sample.text for sample in samples],
        [numbers[sample.key] for sample in samples],
        dict(enumerate(keys)),
    )
    return grouper
