"""Count an interaction to its pattern, or found a pattern with it."""

from __future__ import annotations

import msgspec

from patterns.engine.domain.digests import replace_surrogates
from patterns.engine.domain.observation import Observation
from patterns.engine.domain.results import Match
from patterns.engine.matcher import cut_text, explain_match, resolve_pattern, slot_values
from patterns.engine.pattern.pattern_state import PatternState
from patterns.engine.pattern.recurring_features import note_features
from patterns.engine.recognizer_state.decided_words import (
    keep_word_slots,
    make_sample,
    move_part,
    read_words,
)
from patterns.engine.recognizer_state.eviction import make_room
from patterns.engine.recognizer_state.recognizer_state import RecognizerState
from patterns.engine.templates.rendering import TextPiece
from patterns.engine.text.input_view import InputView, view_input


def learn_interaction(memory: RecognizerState, observation: Observation) -> Match:
    """The answer is that of before the interaction was counted."""
    seen = view_input(observation)
    view = read_words(memory, seen)
    grouper = memory.ensure_grouper(view.partition, view.kind)
    fresh = memory.fresh_id(observation.timestamp, observation.id, view.partition, view.text)
    candidate = grouper.learn(view.text, fresh)
    state, pieces, part = resolve_pattern(memory, candidate.key, view)
    candidate = msgspec.structs.replace(candidate, created=state is None)
    if state is None:
        key, identifier = part or (candidate.key, fresh)
        state = memory.found_pattern(
            key, identifier, replace_surrogates(observation.task_type), view
        )
        pieces = cut_text(memory, state, view.partition, view.text)
    elif part is not None:
        move_part(memory, state, part)
    answer = explain_match(memory, state, candidate, view, pieces)
    _count_use(memory, state, observation, view, pieces)
    memory.reservoir.add(make_sample(replace_surrogates(observation.id), candidate.key, seen, view))
    memory.learned += 1
    memory.now = max(memory.now, observation.timestamp)
    make_room(memory, state.id)
    return answer


def _count_use(
    memory: RecognizerState,
    state: PatternState,
    observation: Observation,
    view: InputView,
    pieces: list[TextPiece],
) -> None:
    """Counts the interaction in the state of its pattern."""
    earlier = state.sketches
    memory.groupers[state.partition].read_group(state, pieces)
    keep_word_slots(memory, state, earlier)
    state.note(observation, slot_values(memory, state, view, pieces))
    note_features(state, observation)
    memory.settle_pattern(state)
