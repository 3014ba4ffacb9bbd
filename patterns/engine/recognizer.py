"""The recogniser: which pattern an interaction belongs to, how sure that is, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

import msgspec

from patterns.engine.confidence.match_features import doubts, evidence
from patterns.engine.confidence.model import ConfidenceModel
from patterns.engine.domain.digests import clean, pattern_id, short_digest
from patterns.engine.domain.observation import Json, Observation
from patterns.engine.domain.results import Change, Consolidation, Feature, Match, TemplatePart
from patterns.engine.grouping.free_text.embedders import chosen
from patterns.engine.grouping.grouper import Candidate
from patterns.engine.grouping.logs.grouper import DrainGrouper
from patterns.engine.grouping.prompts.grouper import PromptGrouper
from patterns.engine.grouping.prompts.slot_ngrams import Passages
from patterns.engine.grouping.registry import AnyGrouper, grouper_for, method_of
from patterns.engine.merge_split import merge_patterns, split_pattern
from patterns.engine.pattern.pattern_state import PatternState
from patterns.engine.pattern.recurring_features import note_features
from patterns.engine.recognizer_state.eviction import Changes, Eviction, evict
from patterns.engine.recognizer_state.human_decisions import Decisions
from patterns.engine.recognizer_state.reservoir import Reservoir, Sample
from patterns.engine.recognizer_state.snapshot import restored, snapshot_of
from patterns.engine.repair.consolidate import consolidate, never
from patterns.engine.settings import RecognizerSettings
from patterns.engine.templates.rendering import Piece, pieces_of, template_of, values_of
from patterns.engine.text.features import features_of
from patterns.engine.text.input_view import View, view_of
from patterns.engine.text.ngrams import runs_in_order
from patterns.engine.validator import SUPPORT, PatternValidator

__all__ = ["Changes", "DefaultPatternRecognizer", "Eviction", "RecognizerSettings", "version_of"]

EXAMPLE = 400  # characters kept of the founding text


class PatternRecognizer(Protocol):
    """What a recogniser promises to people and to the rest of the house."""

    def recognize_pattern(self, observation: Observation) -> PatternState: ...

    def validate_pattern(self, state: PatternState) -> bool: ...

    def update_pattern_confidence(self, pattern_id: str, success: bool) -> PatternState: ...


class DefaultPatternRecognizer:
    """Learns patterns one interaction at a time and repairs them when asked to.

    The same interactions in the same order give the same patterns in any process.

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
        self.settings = settings or RecognizerSettings()
        self.seed = seed
        self.states: dict[str, PatternState] = {}
        self.owners: dict[str, str] = {}  # key of a group -> id of its pattern
        self.groupers: dict[str, AnyGrouper] = {}
        self.embedder = chosen(*self.settings.embedding)
        self.version = version_of(self.settings)
        self.passages = Passages()
        self.reservoir = Reservoir()
        self.decisions = Decisions({}, {}, {})
        self.confidence = ConfidenceModel()
        self.learned = 0
        self.now = 0.0
        self.sizes: dict[str, int] = {}
        self.bytes = 0
        self._changed: dict[str, None] = {}
        self._evicted: list[Eviction] = []

    def __len__(self) -> int:
        return len(self.states)

    def __iter__(self) -> Iterator[PatternState]:
        return iter(list(self.states.values()))

    def __contains__(self, identifier: object) -> bool:
        return identifier in self.states

    def get(self, identifier: str) -> PatternState:
        """KeyError when there is none."""
        return self.states[identifier]

    def match_one(self, observation: Observation) -> Match | None:
        """The pattern this interaction belongs to, or None; changes nothing."""
        view = view_of(observation)
        grouper = self.groupers.get(view.partition)
        candidate = grouper.match(view.text) if grouper is not None else None
        if candidate is None:
            return None
        state, pieces = self._resolved(candidate.key, view)
        return None if state is None else self._answer(state, candidate, view, pieces)

    def fresh_id(self, timestamp: float, *material: str) -> str:
        """Recognisers with other seeds give other ids: two projects share no pattern."""
        return pattern_id(timestamp, str(self.seed), *material)

    def learn_one(self, observation: Observation) -> Match:
        """Counts the interaction to its pattern; founds one when it belongs to none."""
        view = view_of(observation)
        grouper = self.groupers.get(view.partition)
        if grouper is None:
            grouper = self.groupers[view.partition] = grouper_for(view.kind, self.passages)
        fresh = self.fresh_id(observation.timestamp, observation.id, view.partition, view.text)
        candidate = grouper.learn(view.text, fresh)
        state, pieces = self._resolved(candidate.key, view)
        created = state is None
        if state is None:
            state = self._found(candidate.key, fresh, observation, view)
            pieces = self._pieces(state, view)
        answer = self._answer(
            state, msgspec.structs.replace(candidate, created=created), view, pieces
        )
        self._note(state, observation, view, pieces)
        self.reservoir.add(Sample(clean(observation.id), view.partition, view.text, candidate.key))
        self.learned += 1
        self.now = max(self.now, observation.timestamp)
        self.make_room(state.id)
        return answer

    def features_of(self, observation: Observation) -> tuple[Feature, ...]:
        return features_of(observation)

    def recognize_pattern(self, observation: Observation) -> PatternState:
        """Learns the interaction and gives its pattern."""
        return self.get(self.learn_one(observation).pattern_id)

    def validate_pattern(self, state: PatternState) -> bool:
        return PatternValidator().validate(state).valid

    def update_pattern_confidence(self, pattern_id: str, success: bool) -> PatternState:
        """People's verdict moves the pattern's confidence; KeyError for an unknown id."""
        state = self.get(pattern_id)
        state.right += success
        state.wrong += not success
        self.settle(state)
        return state

    def correct_quality(self, pattern_id: str, quality: float, count: int) -> None:
        """Late words on counted uses, see `PatternState.correct_quality`; an unknown id is let go."""
        if pattern_id in self:
            state = self.get(pattern_id)
            state.correct_quality(quality, count)
            self.settle(state)

    def consolidate(
        self,
        should_stop: Callable[[], bool] = never,
        progress: Callable[[int, int], None] | None = None,
    ) -> Consolidation:
        """Repairs the patterns from the reservoir; what was stopped goes on with the next call."""
        return consolidate(self, should_stop, progress)

    def change_to(self, settings: RecognizerSettings) -> None:
        """Groups put in place from now on are of these settings' embedder and of this version."""
        self.settings, self.embedder = settings, chosen(*settings.embedding)
        self.version = version_of(settings)

    def take_changes(self) -> Changes:
        changes = Changes(tuple(k for k in self._changed if k in self), tuple(self._evicted))
        self._changed.clear()
        self._evicted.clear()
        return changes

    def remove(self, ids: Iterable[str]) -> None:
        for identifier in ids:
            self.drop(identifier)

    def add(self, state: PatternState) -> None:
        """Takes in a pattern known elsewhere, or puts back one that was removed."""
        self.states[state.id] = state
        self.owners[state.key or state.id] = state.id
        self.measure(state)
        grouper = self.groupers.get(state.partition)
        if grouper is None:
            grouper = self.groupers[state.partition] = grouper_for(state.kind, self.passages)
        key = (state.key or state.id).partition("#")[0]
        if isinstance(grouper, PromptGrouper):
            grouper.adopt(key, state.skeleton)
        elif grouper.match(state.example) is None:
            grouper.learn(state.example, key)

    def pin(self, identifier: str, pinned: bool) -> None:
        self.get(identifier).pinned = pinned
        self.touch(identifier)

    def set_label(self, identifier: str, label: str | None) -> None:
        self.get(identifier).label = label
        self.touch(identifier)

    def merge(self, ids: Sequence[str]) -> Change:
        """Makes one pattern of several, for the future too; the most used one stays."""
        return merge_patterns(self, ids)

    def split(
        self, identifier: str, *, slot: str | None = None, observation_ids: Sequence[str] = ()
    ) -> Change:
        """Parts a pattern by the values of a slot or by examples, for the future too."""
        return split_pattern(self, identifier, slot, observation_ids)

    def related(self, identifier: str, limit: int) -> list[tuple[str, float]]:
        """The patterns most like this one, with the share of anchors they have in common."""
        state = self.get(identifier)
        own = _marks(state)
        scored = []
        for other in self.states.values():
            theirs = _marks(other)
            shared = len(own & theirs) / max(1, len(own | theirs))
            if other.id != identifier and shared > 0:
                scored.append((other.id, round(shared, 4)))
        return sorted(scored, key=lambda pair: (-pair[1], pair[0]))[:limit]

    def snapshot(self) -> bytes:
        """All that is not in the pattern states: reservoir, people's decisions, calibration."""
        return snapshot_of(self)

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
        return restored(cls(settings, seed=seed), states, snapshot, since)

    def _resolved(self, key: str, view: View) -> tuple[PatternState | None, list[Piece]]:
        """The pattern behind a group's key, after people's decisions."""
        state = self.states.get(self.owners.get(key, ""))
        pieces = self._pieces(state, view) if state is not None else []
        if key not in self.decisions.slots and key not in self.decisions.examples:
            return state, pieces
        values = {name: str(value) for name, value in self._values(state, view, pieces)}
        runs = runs_in_order(view.text) if key in self.decisions.examples else ()
        part = self.decisions.part(key, values, runs)
        return self.states.get(self.owners.get(part, ""), state), pieces

    def _pieces(self, state: PatternState | None, view: View) -> list[Piece]:
        if state is None or not isinstance(self.groupers.get(view.partition), PromptGrouper):
            return []
        return pieces_of(view.text, frozenset(state.skeleton.anchors))

    def _values(
        self, state: PatternState | None, view: View, pieces: list[Piece]
    ) -> list[tuple[str, Json]]:
        if state is None:
            return []
        grouper = self.groupers.get(view.partition)
        found: list[tuple[str, Json]] = []
        if isinstance(grouper, PromptGrouper):
            found += values_of(pieces, state.template, state.wording)
        elif isinstance(grouper, DrainGrouper):
            found += _slots(grouper, state.key, view.text).items()
        return [*found, *view.leaves.items()]

    def _found(self, key: str, fresh: str, observation: Observation, view: View) -> PatternState:
        state = PatternState(
            id=fresh if key not in self.states else key,
            partition=view.partition,
            kind=view.kind,
            task_type=clean(observation.task_type),
            key=key,
            example=view.text[:EXAMPLE],
        )
        self.states[state.id] = state
        self.owners[key] = state.id
        return state

    def _note(
        self, state: PatternState, observation: Observation, view: View, pieces: list[Piece]
    ) -> None:
        self.refresh(state, pieces)
        state.note(observation, self._values(state, view, pieces))
        note_features(state, observation)
        self.settle(state)

    def refresh(self, state: PatternState, pieces: list[Piece]) -> None:
        """Takes what the grouper knows of the pattern by now."""
        grouper = self.groupers[state.partition]
        key = state.key.partition("#")[0]
        if isinstance(grouper, PromptGrouper):
            kept = grouper.skeleton(key)
            if kept.anchors != state.skeleton.anchors or not state.template:
                state.skeleton = kept
                state.template, state.wording = template_of(pieces), []
                state.sketches = {}
            state.skeleton.uses = kept.uses
        elif not state.template or state.use_count in (1, 2, 4, 8, 16, 32):
            state.template = _template(grouper, key, state)

    def settle(self, state: PatternState) -> None:
        """Confidence and status after something was learned about a pattern."""
        good, bad = state.use_count + 2 * state.right, 4 * state.wrong
        state.confidence = (good + 1) / (good + bad + 2)
        trusted = state.confidence >= self.settings.confidence_threshold
        state.status = "validated" if trusted and state.use_count >= SUPPORT else "candidate"
        if state.status == "validated" and state.drifts:
            state.status = "drifting"
        if state.use_count & (state.use_count - 1) == 0 or state.id not in self.sizes:
            self.measure(state)
        self.touch(state.id)

    def touch(self, identifier: str) -> None:
        self._changed[identifier] = None

    def measure(self, state: PatternState) -> None:
        size = state.size_bytes
        self.bytes += size - self.sizes.get(state.id, 0)
        self.sizes[state.id] = size

    def _answer(
        self, state: PatternState, candidate: Candidate, view: View, pieces: list[Piece]
    ) -> Match:
        runner_up: Json = None
        other = self.owners.get(candidate.runner_up or "")
        if other is not None and other != state.id:
            runner_up = {"pattern_id": other, "score": round(candidate.runner_up_score, 4)}
        method = method_of(self.groupers[view.partition])
        found = evidence(method, candidate, state, view.text, pieces)
        chance, calibrated = self.confidence.predict(found)
        why: dict[str, Json] = {
            "anchors": [part.text for part in state.template if part.text.strip()][:12],
            "slots": dict(self._values(state, view, pieces)),
            "parts": {"score": round(candidate.score, 4), "uses": state.use_count, **doubts(found)},
            "runner_up": runner_up,
            "margin": round(candidate.margin, 4),
            "calibrated": calibrated,
        }
        return Match(state.id, max(0.0, min(1.0, chance)), candidate.created, why)

    def teach(self, partition: str, candidate: Candidate, text: str, right: bool) -> None:
        """Tells the calibration whether that answer to that text was right."""
        state = self.states.get(self.owners.get(candidate.key, ""))
        if state is None:
            return
        grouper = self.groupers[partition]
        pieces: list[Piece] = []
        if isinstance(grouper, PromptGrouper):
            pieces = pieces_of(text, frozenset(state.skeleton.anchors))
        self.confidence.update(evidence(method_of(grouper), candidate, state, text, pieces), right)

    def make_room(self, newest: str = "") -> None:
        """Keeps the limits on patterns and bytes, whatever else happens."""
        self._evicted += evict(self, newest)

    def release(self, identifier: str) -> PatternState | None:
        """Forgets a pattern's state but not its groups."""
        self.bytes -= self.sizes.pop(identifier, 0)
        return self.states.pop(identifier, None)

    def drop(self, identifier: str) -> PatternState | None:
        """Forgets a pattern and its groups."""
        state = self.release(identifier)
        if state is None:
            return None
        grouper = self.groupers[state.partition]
        for key in [k for k, owner in self._keys_near(state) if owner == identifier]:
            del self.owners[key]
            if "#" not in key:
                forget(grouper, key)
        return state

    def _keys_near(self, state: PatternState) -> list[tuple[str, str]]:
        merged = [k for k, owner in self.decisions.merged.items() if owner == state.id]
        return [(k, self.owners[k]) for k in {state.key, *merged} if k in self.owners]


def _slots(grouper: DrainGrouper, key: str, text: str) -> dict[str, str]:
    try:
        return grouper.slots(key, text)
    except KeyError:  # the group went while its pattern stayed
        return {}


def forget(grouper: AnyGrouper, key: str) -> None:
    try:
        grouper.remove(key)
    except KeyError:
        return


def _template(grouper: AnyGrouper, key: str, state: PatternState) -> tuple[TemplatePart, ...]:
    try:
        return grouper.template(key)
    except KeyError:
        return state.template


def _marks(state: PatternState) -> frozenset[int | str]:
    return frozenset([*state.skeleton.anchors, *state.sketches])


def version_of(settings: RecognizerSettings) -> str:
    """The name of the rules and the embedder together, at most 20 characters."""
    version = DefaultPatternRecognizer.VERSION
    if settings.embedder == "lexical":
        return version
    if settings.embedder == "static":
        return f"{version}-static"
    endpoint = short_digest(f"{settings.embedder_url} {settings.embedder_model}")[:6]
    return f"{version}-endpoint-{endpoint}"
