"""Write and read what a recogniser knows besides its pattern states, as bytes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from patterns.engine.confidence.model import ConfidenceModel
from patterns.engine.domain.digests import replace_surrogates
from patterns.engine.domain.observation import Observation
from patterns.engine.grouping.grouper import Grouper, group_key
from patterns.engine.grouping.prompts.slot_ngrams import Passages
from patterns.engine.grouping.registry import make_grouper, restore_grouper
from patterns.engine.pattern.anchors import Skeleton
from patterns.engine.pattern.pattern_state import PatternState
from patterns.engine.recognizer_state.decided_words import make_sample, read_words
from patterns.engine.recognizer_state.earlier_versions import (
    EARLIER,
    rename_partition,
    renew_sample,
)
from patterns.engine.recognizer_state.human_decisions import Decisions
from patterns.engine.recognizer_state.recognizer_state import RecognizerState
from patterns.engine.recognizer_state.reservoir import Sample
from patterns.engine.text.input_view import InputView, view_input


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


def write_snapshot(memory: RecognizerState, rules: str) -> bytes:
    """`rules` is the version of the recogniser's rules. Empty partitions are forgotten first."""
    memory.forget_empty_partitions()
    data = {name: grouper.to_bytes() for name, grouper in memory.groupers.items()}
    kept = _Snapshot(
        rules,
        memory.reservoir.to_list(),
        memory.decisions,
        {name: grouper.method for name, grouper in memory.groupers.items()},
        {name: content for name, content in data.items() if content},
        memory.confidence.to_bytes(),
        memory.learned,
        memory.passages.to_bytes(),
        _collect_merged(memory),
    )
    return msgspec.msgpack.encode(kept)


def restore_state(
    memory: RecognizerState,
    states: Iterable[PatternState],
    snapshot: bytes | None,
    since: Sequence[tuple[Observation, str]],
) -> None:
    """Fills an empty memory: the snapshot, what was learned after it, the newest states.

    Raises `msgspec.DecodeError` when the bytes are no snapshot of this version.
    """
    merged = _take_snapshot(memory, snapshot) if snapshot else {}
    views = [(observation, view_input(observation), owner) for observation, owner in since]
    keys = {one.id: _learn_again(memory, one, view) for one, view, _ in views}
    for state in sorted(states, key=lambda one: "#" not in one.key):  # the whole after its parts
        state.partition = rename_partition(state.partition)
        memory.adopt_pattern(state)
        memory.now = max(memory.now, state.last_used)
    _adopt_merged(memory, merged)
    for observation, seen, owner in views:
        view = read_words(memory, seen)
        key = keys[observation.id] if view.text == seen.text else ""
        key = key or _find_key(memory, view, owner)
        memory.reservoir.add(make_sample(replace_surrogates(observation.id), key, seen, view))
        memory.now = max(memory.now, observation.timestamp)
    memory.learned += len(views)
    if since:
        _forget_evicted(memory)


def _take_snapshot(memory: RecognizerState, data: bytes) -> dict[str, dict[str, Skeleton]]:
    """Gives the groups that were merged; the states bring the others."""
    kept = msgspec.msgpack.decode(data, type=_Snapshot)
    memory.decisions, memory.learned = kept.decisions, kept.learned
    for sample in kept.samples:
        memory.reservoir.add(renew_sample(sample) if kept.version in EARLIER else sample)
    memory.passages = Passages(kept.passages)
    for name, method in kept.methods.items():
        name = rename_partition(name) if kept.version in EARLIER else name
        memory.groupers[name] = _restore_grouper(memory, method, kept.groupers.get(name, b""), name)
    if kept.confidence:
        memory.confidence = ConfidenceModel.from_bytes(kept.confidence)
    return _rename_merged(kept.merged) if kept.version in EARLIER else kept.merged


def _rename_merged(merged: dict[str, dict[str, Skeleton]]) -> dict[str, dict[str, Skeleton]]:
    found: dict[str, dict[str, Skeleton]] = {}
    for name, groups in merged.items():
        found.setdefault(rename_partition(name), {}).update(groups)
    return found


def _collect_merged(memory: RecognizerState) -> dict[str, dict[str, Skeleton]]:
    """Anchored groups that no state holds: their pattern has the key of another group."""
    found: dict[str, dict[str, Skeleton]] = {}
    for key, owner in memory.decisions.merged.items():
        state = memory.patterns.states.get(owner)
        grouper = memory.groupers.get(state.partition) if state is not None else None
        if state is None or grouper is None or key == state.key:
            continue
        skeleton = grouper.skeleton(key)
        if skeleton is not None:
            found.setdefault(state.partition, {})[key] = skeleton
    return found


def _adopt_merged(memory: RecognizerState, merged: dict[str, dict[str, Skeleton]]) -> None:
    """Groups that people merged lead to the pattern they were merged into."""
    owners, decided = memory.patterns.owners, memory.decisions.merged
    owners.update({key: owner for key, owner in decided.items() if owner in memory.patterns})
    for name, groups in merged.items():
        grouper = memory.groupers.get(name)
        if grouper is None or not grouper.anchored:
            continue
        for key in sorted(groups.keys() & owners.keys()):
            if grouper.skeleton(key) is None:
                grouper.adopt(key, groups[key], "")


def _learn_again(memory: RecognizerState, observation: Observation, view: InputView) -> str:
    """The grouper takes the text in as it did then, under the same key; "" where the groups come
    back with the states."""
    grouper = memory.ensure_grouper(view.partition, view.kind)
    if grouper.anchored:
        return ""
    fresh = memory.fresh_id(observation.timestamp, observation.id, view.partition, view.text)
    return grouper.learn(view.text, fresh).key


def _find_key(memory: RecognizerState, view: InputView, owner: str) -> str:
    grouper = memory.groupers[view.partition]
    grouper.recall(view.text)
    candidate = grouper.match(view.text)
    if candidate is not None and memory.patterns.owners.get(candidate.key) == owner:
        return candidate.key
    state = memory.patterns.states.get(owner)
    return group_key(state) if state is not None else owner


def _forget_evicted(memory: RecognizerState) -> None:
    """Groups of patterns that were evicted or pruned since the snapshot."""
    for grouper in memory.groupers.values():
        for key in grouper.known():
            if key not in memory.patterns.owners:
                grouper.remove(key)


def _restore_grouper(memory: RecognizerState, method: str, content: bytes, name: str) -> Grouper:
    """The grouper as it was; one of another embedder's vectors is made anew from the reservoir."""
    try:
        return restore_grouper(method, content, name, memory.shared)
    except ValueError:
        grouper = make_grouper(method, name, memory.shared)
    samples = [sample for sample in memory.reservoir if sample.partition == name]
    keys = sorted({sample.key for sample in samples})
    numbers = {key: number for number, key in enumerate(keys)}
    grouper.rebuild(
        [sample.text for sample in samples],
        [numbers[sample.key] for sample in samples],
        dict(enumerate(keys)),
    )
    return grouper
