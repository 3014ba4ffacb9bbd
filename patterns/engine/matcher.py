"""From the group of a text to an answer: which pattern, how sure, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from patterns.engine.confidence.match_features import gather_evidence, list_doubts
from patterns.engine.domain.observation import Json, Observation
from patterns.engine.domain.results import Match
from patterns.engine.grouping.grouper import Candidate
from patterns.engine.pattern.pattern_state import PatternState
from patterns.engine.pattern.slot_sketch import write_slot_value
from patterns.engine.recognizer_state.decided_words import WordPart, find_part, read_words
from patterns.engine.recognizer_state.recognizer_state import RecognizerState
from patterns.engine.templates.rendering import TextPiece
from patterns.engine.text.input_view import InputView, view_input
from patterns.engine.text.ngrams import hash_runs

SHOWN_ANCHORS = 12


class Resolved(NamedTuple):
    """The pattern behind a group (None: it has none yet) and the text cut at its anchors; `part` when
    people keep it apart from the rest of the group by a word."""

    state: PatternState | None
    pieces: list[TextPiece]
    part: WordPart | None = None


class LocatedText(NamedTuple):
    """A text that is no stranger: its pattern, the group that knew it, and the text cut at its anchors."""

    state: PatternState
    candidate: Candidate
    view: InputView
    pieces: list[TextPiece]


def match_interaction(memory: RecognizerState, observation: Observation) -> Match | None:
    """The pattern an interaction belongs to, or None; changes nothing."""
    found = locate_text(memory, observation)
    return None if found is None else explain_match(memory, *found)


def locate_text(memory: RecognizerState, observation: Observation) -> LocatedText | None:
    """Where an interaction belongs, None for a stranger; changes nothing."""
    view = read_words(memory, view_input(observation))
    grouper = memory.groupers.get(view.partition)
    candidate = grouper.match(view.text) if grouper is not None else None
    if candidate is None:
        return None
    state, pieces, _ = resolve_pattern(memory, candidate.key, view)
    return None if state is None else LocatedText(state, candidate, view, pieces)


def resolve_pattern(memory: RecognizerState, key: str, view: InputView) -> Resolved:
    """Finds the pattern behind a group's key, after people's decisions."""
    state = memory.patterns.owner(key)
    pieces = cut_text(memory, state, view.partition, view.text)
    decisions = memory.decisions
    apart = find_part(memory, key, state, view) if state is not None else None
    if apart is not None:
        return Resolved(memory.patterns.states.get(apart.id), pieces, apart)
    if not decisions.is_split(key):
        return Resolved(state, pieces)
    found = slot_values(memory, state, view, pieces) if state is not None else []
    runs = hash_runs(view.text) if key in decisions.examples else ()
    values = {name: write_slot_value(value) for name, value in found}
    part = decisions.part(key, values, runs, join_free_text(found, view.text))
    return Resolved(memory.patterns.owner(part) or state, pieces)


def read_free_text(memory: RecognizerState, observation: Observation) -> tuple[str, str] | None:
    """The pattern an interaction belongs to, and what fills its slots; None for a stranger."""
    found = locate_text(memory, observation)
    if found is None:
        return None
    values = slot_values(memory, found.state, found.view, found.pieces)
    return found.state.id, join_free_text(values, found.view.text)


def sample_free_text(memory: RecognizerState, state: PatternState, text: str) -> str:
    """What fills the slots of a sampled text of the pattern."""
    pieces = cut_text(memory, state, state.partition, text)
    values = memory.groupers[state.partition].slot_values(state, text, pieces)
    return join_free_text(values, text)


def join_free_text(values: Sequence[tuple[str, Json]], text: str) -> str:
    """The texts that fill the slots, one after the other; the whole text where there are no slots."""
    found = [value for _, value in values if isinstance(value, str)]
    return "\n".join(found) if found else text


def cut_text(
    memory: RecognizerState, state: PatternState | None, partition: str, text: str
) -> list[TextPiece]:
    """The text cut at the anchors of its pattern, where the method has anchors."""
    grouper = memory.groupers.get(partition)
    return [] if state is None or grouper is None else grouper.pieces(text, state.skeleton)


def slot_values(
    memory: RecognizerState, state: PatternState, view: InputView, pieces: list[TextPiece]
) -> list[tuple[str, Json]]:
    """(slot, value): of the template, then of the leaves of a structured input."""
    grouper = memory.groupers[view.partition]
    return [*grouper.slot_values(state, view.text, pieces), *view.leaves.items()]


def explain_match(
    memory: RecognizerState,
    state: PatternState,
    candidate: Candidate,
    view: InputView,
    pieces: list[TextPiece],
) -> Match:
    """The answer for one text: the chance that its pattern is the right one, and why."""
    found = gather_evidence(
        memory.groupers[view.partition].method, candidate, state, view.text, pieces
    )
    chance, calibrated = memory.confidence.predict(found)
    why: dict[str, Json] = {
        "anchors": [part.text for part in state.template if part.text.strip()][:SHOWN_ANCHORS],
        "slots": dict(slot_values(memory, state, view, pieces)),
        "parts": {
            "score": round(candidate.score, 4),
            "uses": state.use_count,
            **list_doubts(found),
        },
        "runner_up": _describe_runner_up(memory, state, candidate),
        "margin": round(candidate.margin, 4),
        "calibrated": calibrated,
    }
    return Match(state.id, max(0.0, min(1.0, chance)), candidate.created, why)


def _describe_runner_up(memory: RecognizerState, state: PatternState, candidate: Candidate) -> Json:
    other = memory.patterns.owners.get(candidate.runner_up or "")
    if other is None or other == state.id:
        return None
    return {"pattern_id": other, "score": round(candidate.runner_up_score, 4)}
