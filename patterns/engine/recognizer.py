"""The recogniser: which pattern an interaction belongs to, how sure that is, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

from patterns.engine.domain.digests import digest_hex
from patterns.engine.domain.observation import Observation
from patterns.engine.domain.results import Change, Consolidation, Feature, Match
from patterns.engine.learner import learn_interaction
from patterns.engine.matcher import match_interaction, read_free_text
from patterns.engine.merge_split import divide_by_topic, merge_patterns, split_pattern
from patterns.engine.pattern.pattern_state import PatternState
from patterns.engine.pattern.quality import correct_quality
from patterns.engine.pattern.related import rank_related
from patterns.engine.recognizer_state.pattern_table import PatternChanges
from patterns.engine.recognizer_state.recognizer_state import RecognizerState
from patterns.engine.recognizer_state.snapshot import restore_state, write_snapshot
from patterns.engine.repair.consolidate import consolidate, never
from patterns.engine.rewording.reword import Outlook, foresee_rewording, reword_pattern
from patterns.engine.rewording.wish import Rewording
from patterns.engine.settings import RecognizerSettings
from patterns.engine.text.features import extract_features
from patterns.engine.topics.learn_topics import LearnedTopics
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
    VERSION = "3"

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
        return match_interaction(self.memory, observation)

    def learn_one(self, observation: Observation) -> Match:
        """Counts the interaction to its pattern; founds one when it belongs to none."""
        return learn_interaction(self.memory, observation)

    def features_of(self, observation: Observation) -> tuple[Feature, ...]:
        return extract_features(observation)

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
        """Late feedback on counted uses, see `quality.correct_quality`; ignores unknown ids."""
        if pattern_id in self:
            correct_quality(self.get(pattern_id), quality, count)
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

    def merge(self, ids: Sequence[str], into: str | None = None) -> Change:
        """Makes one pattern of several, for the future too; `into` or the most used one stays."""
        return merge_patterns(self.memory, ids, into)

    def split(
        self, identifier: str, *, slot: str | None = None, observation_ids: Sequence[str] = ()
    ) -> Change:
        """Parts a pattern by the values of a slot or by examples, for the future too."""
        return split_pattern(self.memory, identifier, slot, observation_ids)

    def read_free_text(self, observation: Observation) -> tuple[str, str] | None:
        """The pattern an interaction belongs to, and what fills its slots; None for a stranger."""
        return read_free_text(self.memory, observation)

    def divide(self, identifier: str, learned: LearnedTopics) -> Change:
        """Keeps the texts of a pattern apart by topic, for the future too."""
        return divide_by_topic(self.memory, identifier, learned)

    def foresee(self, identifier: str, wish: Rewording) -> Outlook:
        """What a change of a word of the template would do."""
        return foresee_rewording(self.memory, identifier, wish)

    def reword(self, identifier: str, wish: Rewording) -> Change:
        """Makes a word a slot, keeps one fixed or names a slot, for the future too."""
        return reword_pattern(self.memory, identifier, wish)

    def related(self, identifier: str, limit: int) -> list[tuple[str, float]]:
        """The patterns most like this one, with the share of anchors they have in common."""
        return rank_related(self.get(identifier), self)[:limit]

    def snapshot(self) -> bytes:
        """All that is not in the pattern states: reservoir, people's decisions, calibration."""
        return write_snapshot(self.memory, self.VERSION)

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
    endpoint = digest_hex(f"{settings.embedder_url} {settings.embedder_model}")[:6]
    return f"{version}-endpoint-{endpoint}"
