"""What earlier versions of the code stored is read, and written again byte for byte.

`stored.msgpack.xz` holds the states, the snapshot and the plans of a recogniser that learned
`earlier_stream`, and its answers to that stream afterwards.
"""

from __future__ import annotations

import lzma
import random
from pathlib import Path
from typing import Any

import msgspec
import pytest

from patterns.engine.domain.observation import Observation
from patterns.engine.domain.results import Match
from patterns.engine.pattern.pattern_state import PatternState
from patterns.engine.recognizer import DefaultPatternRecognizer
from patterns.engine.repair.consolidate import apply_plans
from patterns.engine.repair.plan import RepairPlan
from tests.patterns.engine.streams import WORDS, mixed, observation

STORED = Path(__file__).with_name("stored.msgpack.xz")
NAMES = {"|json": "shape", "|call": "exact"}  # methods that had no name in the earlier bytes


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


def with_names(methods: dict[str, str]) -> dict[str, str]:
    return {name: method or NAMES[name] for name, method in methods.items()}


def test_states_are_written_as_they_were(stored: Stored) -> None:
    assert [PatternState.from_bytes(data).to_bytes() for data in stored.states] == stored.states


def test_a_snapshot_gives_the_answers_it_gave(stored: Stored) -> None:
    assert answers(restored(stored)) == stored.answers


def test_a_snapshot_is_written_as_it_was(stored: Stored) -> None:
    before: list[Any] = msgspec.msgpack.decode(stored.snapshot)
    after: list[Any] = msgspec.msgpack.decode(restored(stored).snapshot())
    before[3] = with_names(before[3])
    assert after == before


def test_plans_put_in_place_change_no_answer(stored: Stored) -> None:
    recognizer = restored(stored)
    plans = msgspec.msgpack.decode(stored.plans, type=dict[str, RepairPlan])
    done = apply_plans(recognizer.memory, plans)
    assert not done.moved
    assert [a and a[0] for a in answers(recognizer)] == [a and a[0] for a in stored.answers]
