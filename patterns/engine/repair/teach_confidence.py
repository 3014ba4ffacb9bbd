"""A repair tells the confidence model which of the answers before it were right."""

from __future__ import annotations

from collections import Counter

from patterns.engine.confidence.match_features import gather_evidence
from patterns.engine.grouping.grouper import Candidate
from patterns.engine.recognizer_state.recognizer_state import RecognizerState
from patterns.engine.repair.share_history import Regrouped

TAUGHT = 200  # samples of a partition that teach what a score is worth


def teach_confidence(memory: RecognizerState, regrouped: Regrouped) -> None:
    """Judges the groups so far by the new ones; the grouper is still that of before.

    A match was right where the repair put the text with most of what its pattern matched: a
    pattern that is only part of a repaired one has matched nothing wrongly.
    """
    grouper = memory.groupers[regrouped.partition]
    pairs = zip(regrouped.samples[:TAUGHT], regrouped.keys, strict=False)
    found = [(sample.text, key, grouper.match(sample.text)) for sample, key in pairs]
    votes: dict[str, Counter[str]] = {}
    for _, key, candidate in found:
        if candidate is not None:
            votes.setdefault(candidate.key, Counter())[key] += 1
    for text, key, candidate in found:
        if candidate is not None:
            most = min(votes[candidate.key].items(), key=lambda pair: (-pair[1], pair[0]))[0]
            _teach_answer(memory, regrouped.partition, candidate, text, key == most)


def _teach_answer(
    memory: RecognizerState, partition: str, candidate: Candidate, text: str, right: bool
) -> None:
    state = memory.patterns.owner(candidate.key)
    if state is None:
        return
    grouper = memory.groupers[partition]
    pieces = grouper.pieces(text, state.skeleton)
    memory.confidence.update(gather_evidence(grouper.method, candidate, state, text, pieces), right)
