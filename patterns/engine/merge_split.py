"""Merge and split patterns as people decide, for past and future interactions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from patterns.engine.domain.digests import make_pattern_id
from patterns.engine.domain.results import Change
from patterns.engine.matcher import sample_free_text
from patterns.engine.pattern.pattern_state import PatternState
from patterns.engine.recognizer_state.decided_words import follow_merge
from patterns.engine.recognizer_state.human_decisions import make_part_key, make_topic_key
from patterns.engine.recognizer_state.recognizer_state import RecognizerState
from patterns.engine.text.ngrams import hash_runs
from patterns.engine.topics.learn_topics import LearnedTopics

LEARNED_SHARES = 30.0  # samples


def merge_patterns(memory: RecognizerState, ids: Sequence[str], into: str | None = None) -> Change:
    """Makes one pattern of several; `into`, or else the most used one, keeps its id.

    ValueError when there are not two different known patterns.
    """
    distinct = list(dict.fromkeys(ids))
    _require_known(memory, distinct)
    if len(distinct) < 2:
        raise ValueError("Merging needs at least two different patterns.")
    ranked = sorted(
        (memory.patterns.get(i) for i in distinct), key=lambda s: (s.id != into, -s.use_count, s.id)
    )
    target, sources = ranked[0], ranked[1:]
    gone = {source.id for source in sources}
    for source in sources:
        target.absorb(source)
        target.label = target.label or source.label
        target.pinned = target.pinned or source.pinned
        memory.patterns.release(source.id)
        follow_merge(memory, source.id, target.id)
    for key in [k for k, owner in memory.patterns.owners.items() if owner in gone]:
        memory.patterns.owners[key] = memory.decisions.merged[key] = target.id
    memory.settle_pattern(target)
    return Change("merged", tuple(distinct), (target.id,))


def split_pattern(
    memory: RecognizerState,
    identifier: str,
    slot: str | None,
    observation_ids: Sequence[str],
) -> Change:
    """Splits a pattern by the values of a slot, or by what chosen examples have in common.

    ValueError, with a sentence people can act on, when that is not possible.
    """
    _require_known(memory, [identifier])
    state = memory.patterns.get(identifier)
    if slot is not None:
        parts = _split_by_slot(memory, state, slot)
    elif observation_ids:
        parts = [_split_by_examples(memory, state, observation_ids)]
    else:
        raise ValueError("Say which slot or which examples to split by.")
    return Change("split", (identifier,), (identifier, *(part.id for part in parts)))


def divide_by_topic(memory: RecognizerState, identifier: str, learned: LearnedTopics) -> Change:
    """Keeps the texts of a pattern apart by topic; the most frequent topic keeps its id.

    ValueError when the pattern is itself a part, or is kept apart already.
    """
    _require_known(memory, [identifier])
    state = memory.patterns.get(identifier)
    if "#" in state.key or memory.decisions.is_split(state.key):
        raise ValueError("This pattern is split already.")
    shares = _measure_topics(memory, state, learned)
    memory.decisions.topics[state.key] = learned.topics
    uses = state.use_count
    parts = []
    for number in range(1, len(learned.topics)):
        share = shares[number] * uses / max(1, state.use_count)
        part = add_part(memory, state, make_topic_key(state.key, number), min(1.0, share))
        part.label = ", ".join(learned.words[number]) or None
        parts.append(part)
    return Change("split", (identifier,), (identifier, *(part.id for part in parts)))


def _measure_topics(
    memory: RecognizerState, state: PatternState, learned: LearnedTopics
) -> list[float]:
    """The share of each topic in what was sampled of the pattern; that among the texts they were learned
    from counts as much as some samples do."""
    own = [s for s in memory.reservoir if memory.patterns.owners.get(s.key) == state.id]
    found = Counter(learned.topics.find(sample_free_text(memory, state, s.text)) for s in own)
    total = LEARNED_SHARES + len(own)
    return [(LEARNED_SHARES * share + found[n]) / total for n, share in enumerate(learned.shares)]


def _require_known(memory: RecognizerState, ids: Sequence[str]) -> None:
    for identifier in ids:
        if identifier not in memory.patterns:
            raise ValueError(f"There is no pattern {identifier}.")


def _split_by_slot(memory: RecognizerState, state: PatternState, slot: str) -> list[PatternState]:
    slot = _find_slot(state, slot)
    counts = state.sketches[slot].counts
    if len(counts) < 2:
        raise ValueError(f"The slot {slot} has had only one value so far.")
    memory.decisions.slots[state.key] = slot
    uses = max(1, state.sketches[slot].uses)
    return [
        add_part(memory, state, make_part_key(state.key, value), n / uses)
        for value, n in sorted(counts.items())
    ]


def _find_slot(state: PatternState, name: str) -> str:
    """The slot of this name, or the only one that says more: the type in `order_number` comes and goes
    with its values. ValueError when there is none."""
    fuller = [slot for slot in state.sketches if slot.startswith(f"{name}_")]
    if name in state.sketches or len(fuller) == 1:
        return name if name in state.sketches else fuller[0]
    named = [slot for slot, shown in state.shown.names.items() if shown == name]
    if named and named[0] in state.sketches:
        return named[0]
    known = ", ".join(sorted(state.sketches)) or "none"
    raise ValueError(f"The pattern has no slot {name}. It has: {known}.")


def _split_by_examples(
    memory: RecognizerState, state: PatternState, observation_ids: Sequence[str]
) -> PatternState:
    chosen = set(observation_ids)
    own = [s for s in memory.reservoir if memory.patterns.owners.get(s.key) == state.id]
    inside = [frozenset(hash_runs(s.text)) for s in own if s.id in chosen]
    outside = [frozenset(hash_runs(s.text)) for s in own if s.id not in chosen]
    if not inside:
        raise ValueError("None of these examples belongs to the pattern any more.")
    if not outside:
        raise ValueError("All known examples were chosen: nothing would stay behind.")
    common = frozenset.intersection(*inside) - frozenset.union(*outside)
    if not common:
        raise ValueError("These examples have no text in common that sets them apart.")
    runs = sorted(common)[:32]
    key = make_part_key(state.key, ",".join(map(str, runs)))
    memory.decisions.examples.setdefault(state.key, []).append((key, runs))
    return add_part(memory, state, key, len(inside) / len(own))


def add_part(
    memory: RecognizerState, state: PatternState, key: str, share: float, identifier: str = ""
) -> PatternState:
    """Founds the pattern of a part with `share` (0 to 1) of the history of the whole."""
    part = PatternState(
        id=identifier or make_pattern_id(state.created_at, key),
        partition=state.partition,
        kind=state.kind,
        task_type=state.task_type,
        key=key,
        template=state.template,
        example=state.example,
        skeleton=state.skeleton,
        wording=state.wording,
    )
    part.absorb(state, share)
    part.use_count = max(1, part.use_count)
    state.use_count = max(1, state.use_count - part.use_count)
    memory.patterns.add(part)
    memory.settle_pattern(part)
    memory.settle_pattern(state)
    return part
