"""The recogniser: which pattern an interaction belongs to, how sure that is, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import msgspec

from patterns.engine.features import features_of, note_features
from patterns.engine.grouping import Candidate
from patterns.engine.identity import pattern_id
from patterns.engine.observation import Json, Observation
from patterns.engine.pattern import Change, Consolidation, Feature, Match, TemplatePart
from patterns.engine.prompts import PromptGrouper
from patterns.engine.reservoir import Reservoir, Sample
from patterns.engine.settings import RecognizerSettings
from patterns.engine.structure import View, view_of
from patterns.engine.templates import PatternState
from patterns.engine.validator import SUPPORT, PatternValidator

SNAPSHOT_LIMIT = 4 << 20


class Eviction(msgspec.Struct, frozen=True):
    """A receipt: why a pattern went, what it was worth (0 and up) and the bytes it freed."""

    id: str
    reason: str
    value: float
    bytes: int


class Changes(msgspec.Struct, frozen=True):
    changed: tuple[str, ...] = ()
    evicted: tuple[Eviction, ...] = ()


class PatternRecognizer(Protocol):
    def recognize_pattern(self, observation: Observation) -> PatternState: ...

    def validate_pattern(self, state: PatternState) -> bool: ...

    def update_pattern_confidence(self, pattern_id: str, success: bool) -> PatternState: ...


class _Snapshot(msgspec.Struct, array_like=True):
    version: str
    samples: list[Sample]
    aliases: dict[str, str]


def _never() -> bool:
    return False


class DefaultPatternRecognizer:
    VERSION = "1"

    def __init__(self, settings: RecognizerSettings | None = None, *, seed: int = 0) -> None:
        self.settings = settings or RecognizerSettings()
        self.seed = seed
        self._states: dict[str, PatternState] = {}
        self._sizes: dict[str, int] = {}
        self._groupers: dict[str, PromptGrouper] = {}
        self._aliases: dict[str, str] = {}
        self._reservoir = Reservoir()
        self._changed: dict[str, None] = {}
        self._evicted: list[Eviction] = []

    def __len__(self) -> int:
        return len(self._states)

    def __iter__(self) -> Iterator[PatternState]:
        return iter(list(self._states.values()))

    def __contains__(self, identifier: object) -> bool:
        return identifier in self._states

    def get(self, identifier: str) -> PatternState:
        return self._states[identifier]

    def match_one(self, observation: Observation) -> Match | None:
        """The pattern this interaction belongs to, or None; changes nothing."""
        view = view_of(observation)
        grouper = self._groupers.get(view.partition)
        candidate = grouper.match(_grouped(view)) if grouper else None
        state = self._state_of(candidate.key) if candidate else None
        if candidate is None or state is None:
            return None
        return self._answer(state, candidate, view)

    def learn_one(self, observation: Observation) -> Match:
        view = view_of(observation)
        grouper = self._groupers.setdefault(view.partition, PromptGrouper())
        fresh = self._fresh_id(observation, view)
        candidate = grouper.learn(_grouped(view), fresh)
        state = self._state_of(candidate.key)
        created = state is None
        if state is None:
            state = self._found(candidate.key, observation, view)
        self._note(state, observation, view)
        self._reservoir.add(Sample(observation.id, view.partition, _grouped(view), state.id))
        self._keep_bounds(state.id)
        return self._answer(state, msgspec.structs.replace(candidate, created=created), view)

    def features_of(self, observation: Observation) -> tuple[Feature, ...]:
        return features_of(observation)

    def recognize_pattern(self, observation: Observation) -> PatternState:
        return self.get(self.learn_one(observation).pattern_id)

    def validate_pattern(self, state: PatternState) -> bool:
        return PatternValidator().validate(state).valid

    def update_pattern_confidence(self, pattern_id: str, success: bool) -> PatternState:
        """People's verdict moves the pattern's confidence; KeyError for an unknown id."""
        state = self.get(pattern_id)
        state.right += success
        state.wrong += not success
        self._settle(state)
        return state

    def consolidate(
        self,
        should_stop: Callable[[], bool] = _never,
        progress: Callable[[int, int], None] | None = None,
    ) -> Consolidation:
        """Repairs the patterns from the reservoir; stops early, and goes on later, when asked to."""
        if progress is not None:
            progress(1, 1)
        return Consolidation()

    def take_changes(self) -> Changes:
        changes = Changes(tuple(k for k in self._changed if k in self), tuple(self._evicted))
        self._changed.clear()
        self._evicted.clear()
        return changes

    def remove(self, ids: Sequence[str]) -> None:
        for identifier in ids:
            self._remove(identifier)

    def add(self, state: PatternState) -> None:
        self._states[state.id] = state
        self._sizes[state.id] = state.size_bytes
        grouper = self._groupers.setdefault(state.partition, PromptGrouper())
        grouper.add(state.key or state.id, state.skeleton.anchors, state.skeleton.tokens)

    def pin(self, identifier: str, pinned: bool) -> None:
        self.get(identifier).pinned = pinned
        self._changed[identifier] = None

    def set_label(self, identifier: str, label: str | None) -> None:
        self.get(identifier).label = label
        self._changed[identifier] = None

    def merge(self, ids: Sequence[str]) -> Change:
        """Makes one pattern of several, for the future too; the most used one stays."""
        distinct = list(dict.fromkeys(ids))
        for identifier in distinct:
            if identifier not in self:
                raise ValueError(f"There is no pattern {identifier}.")
        if len(distinct) < 2:
            raise ValueError("Merging needs at least two different patterns.")
        ranked = sorted((self.get(i) for i in distinct), key=lambda s: (-s.use_count, s.id))
        target, sources = ranked[0], ranked[1:]
        for source in sources:
            target.use_count += source.use_count
            self._aliases[source.key] = target.id
            self._states.pop(source.id)
        self._changed[target.id] = None
        return Change("merged", tuple(distinct), (target.id,))

    def split(
        self, identifier: str, *, slot: str | None = None, observation_ids: Sequence[str] = ()
    ) -> Change:
        if identifier not in self:
            raise ValueError(f"There is no pattern {identifier}.")
        if slot is not None and slot not in {s.name for s in self.get(identifier).slots}:
            raise ValueError(f"The pattern has no slot {slot}.")
        raise ValueError("This pattern cannot be split yet.")

    def related(self, identifier: str, limit: int) -> list[tuple[str, float]]:
        """The patterns most like this one, with the share of anchors they have in common."""
        state = self.get(identifier)
        own = set(state.skeleton.anchors)
        scored = []
        for other in self._states.values():
            theirs = set(other.skeleton.anchors)
            shared = len(own & theirs) / max(1, len(own | theirs))
            if other.id != identifier and shared > 0:
                scored.append((other.id, shared))
        return sorted(scored, key=lambda pair: (-pair[1], pair[0]))[:limit]

    def snapshot(self) -> bytes:
        return msgspec.msgpack.encode(
            _Snapshot(self.VERSION, self._reservoir.to_list(), self._aliases)
        )

    @classmethod
    def restore(
        cls,
        states: Iterator[PatternState] | Sequence[PatternState],
        snapshot: bytes | None,
        settings: RecognizerSettings | None = None,
        *,
        seed: int = 0,
    ) -> DefaultPatternRecognizer:
        recognizer = cls(settings, seed=seed)
        for state in states:
            recognizer.add(state)
        if snapshot is not None:
            kept = msgspec.msgpack.decode(snapshot, type=_Snapshot)
            recognizer._aliases = kept.aliases
            for sample in kept.samples:
                recognizer._reservoir.add(sample)
        return recognizer

    def _state_of(self, key: str) -> PatternState | None:
        return self._states.get(self._aliases.get(key, key))

    def _fresh_id(self, observation: Observation, view: View) -> str:
        material = (str(self.seed), observation.id, view.partition, view.text)
        return pattern_id(observation.timestamp, *material)

    def _found(self, key: str, observation: Observation, view: View) -> PatternState:
        state = PatternState(
            id=key,
            partition=view.partition,
            kind=view.kind,
            task_type=observation.task_type,
            key=key,
        )
        state.template = (TemplatePart(text=view.text or view.partition),)
        self._states[key] = state
        return state

    def _note(self, state: PatternState, observation: Observation, view: View) -> None:
        state.note(observation, view.leaves.items())
        note_features(state, observation)
        if state.use_count < 14:
            state.skeleton = self._groupers[state.partition].skeleton(state.key)
        self._settle(state)

    def _settle(self, state: PatternState) -> None:
        """Confidence and status after something was learned about a pattern."""
        state.confidence = (state.use_count + state.right + 1) / (
            state.use_count + state.right + 4 * state.wrong + 2
        )
        trusted = state.confidence >= self.settings.confidence_threshold
        state.status = "validated" if trusted and state.use_count >= SUPPORT else "candidate"
        self._changed[state.id] = None
        self._sizes[state.id] = 200 + 10 * len(state.skeleton.anchors) + 300 * len(state.sketches)

    def _answer(self, state: PatternState, candidate: Candidate, view: View) -> Match:
        runner_up: Json = None
        if candidate.runner_up is not None:
            runner_up = {"pattern_id": candidate.runner_up, "score": candidate.runner_up_score}
        why: dict[str, Json] = {
            "anchors": [part.text for part in state.template if part.text],
            "slots": dict(view.leaves),
            "parts": {"score": candidate.score},
            "runner_up": runner_up,
            "margin": candidate.margin,
            "calibrated": False,
        }
        return Match(state.id, max(0.0, min(1.0, candidate.score)), candidate.created, why)

    def _remove(self, identifier: str) -> PatternState | None:
        state = self._states.pop(identifier, None)
        if state is not None:
            self._sizes.pop(identifier, None)
            grouper = self._groupers[state.partition]
            if state.key in grouper.groups:
                grouper.remove(state.key)
        return state

    def _keep_bounds(self, newest: str) -> None:
        while len(self) > self.settings.max_patterns:
            open_ones = [s for s in self._states.values() if not s.pinned and s.id != newest]
            if not open_ones:
                return
            least = min(open_ones, key=lambda s: (s.use_count, s.last_used, s.id))
            size = self._sizes.get(least.id, 0)
            self._remove(least.id)
            self._evicted.append(Eviction(least.id, "max_patterns", float(least.use_count), size))


def _grouped(view: View) -> str:
    """The text that is grouped inside the partition; without one the partition is the group."""
    return view.text or view.partition
