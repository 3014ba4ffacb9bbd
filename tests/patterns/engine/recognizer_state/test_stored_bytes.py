"""What earlier versions of the code stored is read, and its patterns keep their ids.

`stored.msgpack.xz` holds the states, the snapshot and the plans of a recogniser that learned
`earlier_stream`, and its answers to that stream afterwards.
"""

from __future__ import annotations

import lzma
import random
from pathlib import Path

import msgspec
import pytest

from patterns.engine.domain.observation import Observation
from patterns.engine.domain.results import Match
from patterns.engine.pattern.pattern_state import PatternState
from patterns.engine.pattern.slot_sketch import KEPT
from patterns.engine.recognizer import DefaultPatternRecognizer
from patterns.engine.recognizer_state.earlier_versions import rename_partition
from patterns.engine.repair.plan import RepairPlan
from tests.patterns.engine.streams import WORDS, mixed, observation

STORED = Path(__file__).with_name("stored.msgpack.xz")


class Stored(msgspec.Struct):
    states: list[bytes]
    snapshot: bytes
    plans: bytes
    answers: list[tuple[str, float, list[str]] | None]


@pytest.fixture(scope="module")
def stored() -> Stored:
    return msgspec.msgpack.decode(lzma.decompress(STORED.read_bytes()), type=Stored)


def restored(stored: Stored) -> DefaultPatternRecognizer:
    states = [PatternState.from_bytes(data) for data in stored.states]
    return DefaultPatternRecognizer.restore(states, stored.snapshot, seed=5)


def earlier_stream() -> list[Observation]:
    rng = random.Random(3)
    found = list(mixed(150, 2))
    for n in range(30):
        line = f"Took {rng.randint(1, 900)} ms for /srv/{rng.choice(WORDS)}"
        line += f" by {rng.choice(WORDS)}_{n}"
        found.append(observation(line, 1000 + n, "log"))
        line = f"session {n} opened for user {rng.choice(WORDS[:5])} from 10.0.0.{n}"
        found.append(observation(line, 2000 + n, "log"))
    for n in range(160):
        found.append(
            observation(" ".join(rng.choices(WORDS, k=rng.randint(5, 8))), 3000 + n, "say")
        )
    return found


def answers(recognizer: DefaultPatternRecognizer) -> list[tuple[str, float, list[str]] | None]:
    matches = [recognizer.match_one(one) for one in earlier_stream()]
    return [(m.pattern_id, m.confidence, slots_of(m)) if m else None for m in matches]


def slots_of(match: Match) -> list[str]:
    slots = match.why["slots"]
    return list(slots) if isinstance(slots, dict) else []


def patterns_of(recognizer: DefaultPatternRecognizer) -> list[str | None]:
    return [answer and answer[0] for answer in answers(recognizer)]


def test_states_are_read_and_written_again(stored: Stored) -> None:
    for data in stored.states:
        state = PatternState.from_bytes(data)
        assert PatternState.from_bytes(state.to_bytes()) == state


def test_values_counted_by_earlier_versions_are_read_with_what_is_certain(stored: Stored) -> None:
    states = [PatternState.from_bytes(data) for data in stored.states]
    sketches = [sketch for state in states for sketch in state.sketches.values()]
    many = [sketch for sketch in sketches if sketch.distinct > KEPT]

    assert many
    assert all(1 <= n <= s.counts[value] for s in sketches for value, n in s.certain.items())
    assert any(sum(sketch.certain.values()) < sketch.uses for sketch in many)


def test_texts_keep_the_patterns_that_earlier_rules_gave_them(stored: Stored) -> None:
    recognizer = restored(stored)
    recognizer.consolidate()  # what a switch of versions does: texts are grouped by today's rules
    before = [answer and answer[0] for answer in stored.answers]
    same = sum(a == b for a, b in zip(patterns_of(recognizer), before, strict=True))

    assert same > 0.9 * len(before)


def test_chats_of_earlier_rules_stand_where_chats_are_looked_for_today() -> None:
    assert rename_partition("support|chat|model||system") == "support|chat"
    assert rename_partition("|chat||search,book|") == "|text"
    assert rename_partition("|chat|customer||") == "|text"
    assert rename_partition("support|text") == "support|text"


def test_a_restored_recogniser_writes_what_it_reads(stored: Stored) -> None:
    recognizer = restored(stored)
    again = DefaultPatternRecognizer.restore(list(recognizer), recognizer.snapshot(), seed=5)

    assert patterns_of(again) == patterns_of(recognizer)


def test_plans_of_an_earlier_version_are_read(stored: Stored) -> None:
    plans = msgspec.msgpack.decode(stored.plans, type=dict[str, RepairPlan])

    assert all(plan.keys for plan in plans.values())
