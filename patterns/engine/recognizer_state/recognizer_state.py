"""Everything a recogniser knows: groups, patterns, samples, people's decisions, calibration."""

from __future__ import annotations

from patterns.engine.confidence.model import ConfidenceModel
from patterns.engine.domain.digests import make_pattern_id
from patterns.engine.grouping.free_text.embedders import chosen
from patterns.engine.grouping.grouper import Grouper
from patterns.engine.grouping.prompts.slot_ngrams import Passages
from patterns.engine.grouping.registry import SharedMemory, first_grouper
from patterns.engine.pattern.pattern_state import EXAMPLE, PatternState
from patterns.engine.recognizer_state.human_decisions import Decisions
from patterns.engine.recognizer_state.pattern_table import PatternTable
from patterns.engine.recognizer_state.reservoir import Reservoir
from patterns.engine.settings import RecognizerSettings
from patterns.engine.text.input_view import InputView
from patterns.engine.validator import SUPPORT


class RecognizerState:
    """What matching, repair, merging, eviction and snapshots work on.

    `groupers` are by partition. `learned` counts interactions, `now` is the newest timestamp seen
    (epoch seconds): the engine has no clock of its own.
    """

    def __init__(self, settings: RecognizerSettings, seed: int) -> None:
        self.settings, self.seed = settings, seed
        self.embedder = chosen(*settings.embedding)
        self.passages = Passages()
        self.groupers: dict[str, Grouper] = {}
        self.patterns = PatternTable()
        self.reservoir = Reservoir()
        self.decisions = Decisions({}, {}, {}, {}, {})
        self.confidence = ConfidenceModel()
        self.learned = 0
        self.now = 0.0

    @property
    def shared(self) -> SharedMemory:
        return SharedMemory(self.passages, self.embedder)

    def change_settings(self, settings: RecognizerSettings) -> None:
        self.settings, self.embedder = settings, chosen(*settings.embedding)

    def fresh_id(self, timestamp: float, *material: str) -> str:
        """Recognisers with other seeds give other ids: two projects share no pattern."""
        return make_pattern_id(timestamp, str(self.seed), *material)

    def ensure_grouper(self, partition: str, kind: str) -> Grouper:
        """The grouper of a partition; a new one for the first text of that kind of input."""
        grouper = self.groupers.get(partition)
        if grouper is None:
            grouper = self.groupers[partition] = first_grouper(kind, self.shared)
        return grouper

    def found_pattern(self, key: str, fresh: str, task_type: str, view: InputView) -> PatternState:
        """A pattern for a new group; `fresh` is its id unless the group's key is free to be."""
        state = PatternState(
            id=fresh if key not in self.patterns else key,
            partition=view.partition,
            kind=view.kind,
            task_type=task_type,
            key=key,
            example=view.text[:EXAMPLE],
        )
        self.patterns.add(state)
        return state

    def adopt_pattern(self, state: PatternState) -> None:
        """Takes in a pattern known elsewhere with its group, or puts back one that was removed."""
        self.patterns.add(state)
        self.patterns.measure(state)
        key = (state.key or state.id).partition("#")[0]
        self.ensure_grouper(state.partition, state.kind).adopt(key, state.skeleton, state.example)

    def drop_pattern(self, identifier: str) -> None:
        """Forgets a pattern and its groups; unknown ids are ignored."""
        state = self.patterns.release(identifier)
        if state is None:
            return
        owners, grouper = self.patterns.owners, self.groupers[state.partition]
        merged = [key for key, owner in self.decisions.merged.items() if owner == identifier]
        for key in {state.key, *merged}:
            if owners.get(key) == identifier:
                del owners[key]
                if "#" not in key:
                    _forget_group(grouper, key)

    def forget_empty_partitions(self) -> None:
        """Forgets the groupers of partitions without a pattern, a sample or a merge by people."""
        used = {state.partition for state in self.patterns}
        used.update(sample.partition for sample in self.reservoir)
        for name in self.groupers.keys() - used:
            if not any(self._leads_somewhere(key) for key in self.groupers[name].known()):
                del self.groupers[name]

    def _leads_somewhere(self, key: str) -> bool:
        """Groups of one partition may belong to a pattern of another one."""
        return self.patterns.owner(key) is not None or key in self.decisions.merged

    def settle_pattern(self, state: PatternState) -> None:
        """Updates confidence, status and size of a pattern after something was learned about it."""
        good, bad = state.use_count + 2 * state.right, 4 * state.wrong
        state.confidence = (good + 1) / (good + bad + 2)
        trusted = state.confidence >= self.settings.confidence_threshold
        state.status = "validated" if trusted and state.use_count >= SUPPORT else "candidate"
        if state.status == "validated" and state.drifts:
            state.status = "drifting"
        state.words = self.decisions.words.get(state.id, [])
        if state.use_count & (state.use_count - 1) == 0 or state.id not in self.patterns.sizes:
            self.patterns.measure(state)
        self.patterns.touch(state.id)


def _forget_group(grouper: Grouper, key: str) -> None:
    try:
        grouper.remove(key)
    except KeyError:
        return
