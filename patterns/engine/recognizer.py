"""The recogniser: which pattern an interaction belongs to, how sure that is, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

import msgspec

from patterns.engine.domain.digests import clean, short_digest
from patterns.engine.domain.observation import Observation
from patterns.engine.domain.results import Change, Consolidation, Feature, Match
from patterns.engine.matcher import cut_text, explain_match, resolve_pattern, slot_values
from patterns.engine.merge_split import merge_patterns, split_pattern
from patterns.engine.pattern.pattern_state import PatternState
from patterns.engine.pattern.recurring_features import note_features
from patterns.engine.pattern.related import rank_related
from patterns.engine.recognizer_state.eviction import make_room
from patterns.engine.recognizer_state.pattern_table import PatternChanges
from patterns.engine.recognizer_state.recognizer_state import RecognizerState
from patterns.engine.recognizer_state.reservoir import Sample
from patterns.engine.recognizer_state.snapshot import restore_state, snapshot_of
from patterns.engine.repair.consolidate import consolidate, never
from patterns.engine.settings import RecognizerSettings
from patterns.engine.templates.rendering import TextPiece
from patterns.engine.text.features import features_of
from patterns.engine.text.input_view import InputView, view_of
from patterns.engine.validator import PatternValidator


class PatternRecognizer(Protocol):
    """What a recogniser promises to people and to the rest of the house."""

    def recognize_pattern(self, observation: Observation) -> PatternState: ...

    def validate_pattern(self, state: PatternState) -> bool: ...

    def update_pattern_confidence(self, pattern_id: str, success: bool) -> PatternState: ...


class DefaultPatternRecognizer:
    """Learns patterns one interaction at a time and repairs them when asked to.

    The same interactions in the same order give the same patterns in any process. Methods that
    take a pattern id raise KeyError for an unknown one unless they say otherwise.

    >>> recognizer = DefaultPatternRecognizer()
    >>> first = recognizer.learn_one(Observation(id="a", input={"city": "Oslo"}, timestamp=0.0))
    >>> again = recognizer.match_one(Observation(id="b", input={"city": "Rome"}, timestamp=1.0))
    >>> again.pattern_id == first.pattern_id
    True
    """

    # Of the rules. Raise it when the same interactions would end in other patterns: projects then
    # build a recogniser of the new version beside the one in use.
    VERSION = "2"

    def __init__(self, settings: RecognizerSettings | None = None, *, seed: int = 0) -> None:
        self.memory = RecognizerState(settings or RecognizerSettings(), seed)
        self.version = version_of(self.settings)

    @property
    def settings(self) -> RecognizerSettings:
        return self.memory.settings

    def __len__(self) -> int:
        return len(self.memory.patterns)

    def __iter__(self) -> Iterator[PatternState]:
        return iter(self.memory.patterns)

    def __contains__(self, identifier: object) -> bool:
        return identifier in self.memory.patterns

    def get(self, identifier: str) -> PatternState:
        return self.memory.patterns.get(identifier)

    def match_one(self, observation: Observation) -> Match | None:
        """The pattern this interaction belongs to, or None; changes nothing."""
        view = view_of(observation)
        grouper = self.memory.groupers.get(view.partition)
        candidate = grouper.match(view.text) if grouper is not None else None
        if candidate is None:
            return None
        state, pieces = resolve_pattern(self.memory, candidate.key, view)
        if state is None:
            return None
        return explain_match(self.memory, state, candidate, view, pieces)

    def learn_one(self, observation: Observation) -> Match:
        """Counts the interaction to its pattern; founds one when it belongs to none."""
        memory, view = self.memory, view_of(observation)
        grouper = memory.ensure_grouper(view.partition, view.kind)
        fresh = memory.fresh_id(observation.timestamp, observation.id, view.partition, view.text)
        candidate = grouper.learn(view.text, fresh)
        state, pieces = resolve_pattern(memory, candidate.key, view)
        candidate = msgspec.structs.replace(candidate, created=state is None)
        if state is None:
            state = memory.found_pattern(candidate.key, fresh, clean(observation.task_type), view)
            pieces = cut_text(memory, state, view.partition, view.text)
        answer = explain_match(memory, state, candidate, view, pieces)
        self._note(state, observation, view, pieces)
        memory.reservoir.add(
            Sample(clean(observation.id), view.partition, view.text, candidate.key)
        )
        memory.learned += 1
        memory.now = max(memory.now, observation.timestamp)
        make_room(memory, state.id)
        return answer

    def _note(
        self,
        state: PatternState,
        observation: Observation,
        view: InputView,
        pieces: list[TextPiece],
    ) -> None:
        self.memory.groupers[state.partition].read_group(state, pieces)
        state.note(observation, slot_values(self.memory, state, view, pieces))
        note_features(state, observation)
        self.memory.settle_pattern(state)

    def features_of(self, observation: Observation) -> tuple[Feature, ...]:
        return features_of(observation)

    def recognize_pattern(self, observation: Observation) -> PatternState:
        """Learns the interaction and gives its pattern."""
        return self.get(self.learn_one(observation).pattern_id)

    def validate_pattern(self, state: PatternState) -> bool:
        return PatternValidator().validate(state).valid

    def update_pattern_confidence(self, pattern_id: str, success: bool) -> PatternState:
        """A person's verdict moves the pattern's confidence."""
        state = self.get(pattern_id)
        state.right += success
        state.wrong += not success
        self.memory.settle_pattern(state)
        return state

    def correct_quality(self, pattern_id: str, quality: float, count: int) -> None:
        """Late feedback on counted uses, see `PatternState.correct_quality`; ignores unknown ids."""
        if pattern_id in self:
            self.get(pattern_id).correct_quality(quality, count)
            self.memory.settle_pattern(self.get(pattern_id))

    def consolidate(
        self,
        should_stop: Callable[[], bool] = never,
        progress: Callable[[int, int], None] | None = None,
    ) -> Consolidation:
        """Repairs the patterns from the reservoir; what was stopped goes on with the next call."""
        return consolidate(self.memory, should_stop, progress)

    def change_to(self, settings: RecognizerSettings) -> None:
        """Groups put in place from now on are of these settings' embedder and of this version."""
        self.memory.change_settings(settings)
        self.version = version_of(settings)

    def take_changes(self) -> PatternChanges:
        """Which patterns changed or were evicted since the last call."""
        return self.memory.patterns.take_changes()

    def remove(self, ids: Iterable[str]) -> None:
        """Forgets patterns and their groups; unknown ids are ignored."""
        for identifier in ids:
            self.memory.drop_pattern(identifier)

    def add(self, state: PatternState) -> None:
        """Takes in a pattern known elsewhere, or puts back one that was removed."""
        self.memory.adopt_pattern(state)

    def pin(self, identifier: str, pinned: bool) -> None:
        """A pinned pattern is never evicted."""
        self.get(identifier).pinned = pinned
        self.memory.patterns.touch(identifier)

    def set_label(self, identifier: str, label: str | None) -> None:
        self.get(identifier).label = label
        self.memory.patterns.touch(identifier)

    def merge(self, ids: Sequence[str]) -> Change:
        """Makes one pattern of several, for the future too; the most used one stays."""
        return merge_patterns(self.memory, ids)

    def split(
        self, identifier: str, *, slot: str | None = None, observation_ids: Sequence[str] = ()
    ) -> Change:
        """Parts a pattern by the values of a slot or by examples, for the future too."""
        return split_pattern(self.memory, identifier, slot, observation_ids)

    def related(self, identifier: str, limit: int) -> list[tuple[str, float]]:
        """The patterns most like this one, with the share of anchors they have in common."""
        return rank_related(self.get(identifier), self)[:limit]

    def snapshot(self) -> bytes:
        """All that is not in the pattern states: reservoir, people's decisions, calibration."""
        return snapshot_of(self.memory, self.VERSION)

    @classmethod
    def restore(
        cls,
        states: Iterable[PatternState],
        snapshot: bytes | None,
        settings: RecognizerSettings | None = None,
        since: Sequence[tuple[Observation, str]] = (),
        *,
        seed: int = 0,
    ) -> DefaultPatternRecognizer:
        """A recogniser that goes on exactly like the one the states and the snapshot came from.

        The states are the newest; `since` is what was learned after the snapshot, and the pattern
        of each.
        """
        recognizer = cls(settings, seed=seed)
        restore_state(recognizer.memory, states, snapshot, since)
        return recognizer


def version_of(settings: RecognizerSettings) -> str:
    """The name of the rules and the embedder together, at most 20 characters."""
    version = DefaultPatternRecognizer.VERSION
    if settings.embedder == "lexical":
        return version
    if settings.embedder == "static":
        return f"{version}-static"
    endpoint = short_digest(f"{settings.embedder_url} {settings.embedder_model}")[:6]
    return f"{version}-endpoint-{endpoint}"
