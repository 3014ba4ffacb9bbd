"""What must hold for any input: no exception, bounded time, bounded growth, the same after a restart."""

from __future__ import annotations

import random
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from featurememory.errors import FeatureMemoryError
from patterns.engine.domain.observation import Observation
from patterns.engine.recognizer import DefaultPatternRecognizer
from patterns.ingest.schema import build_arrival, parse_interaction
from patterns.storage.payloads import unpack_payload
from patterns.storage.rows import build_row, state_of
from patterns.storage.upserts import to_columns
from tests.benchmarks.fuzzing.grammar import KINDS, damaged_item

Found = TypeVar("Found")

MS_PER_KB = 50.0
LEAST_MS = {"repair": 2000.0, "restore": 500.0}  # that a step may take whatever its size; others 50
SNAPSHOT_BYTES = 64 << 10  # of an empty recogniser, generously; and four times what it was given
PROJECT = UUID(int=7)


@dataclass
class Fuzzed:
    """Failures by their place: how often, and the shortest input."""

    count: int = 0
    failures: dict[str, tuple[int, int, Any]] = field(default_factory=dict)
    slow: dict[str, tuple[int, float, Any]] = field(default_factory=dict)

    def fail(self, place: str, given: Any) -> None:
        times, size, shortest = self.failures.get(place, (0, 1 << 60, None))
        mine = measure(given)
        self.failures[place] = (
            times + 1,
            *min((mine, given), (size, shortest), key=lambda x: x[0]),
        )

    def run(self, step: str, given: Any, work: Callable[[], Found], size: int = 0) -> Found | None:
        """What the work returns; None after an exception. Its processor time is compared with its size."""
        began = time.process_time()
        try:
            return work()
        except Exception as error:
            self.fail(f"{step}: {locate(error)}", given)
            return None
        finally:
            took = (time.process_time() - began) * 1000
            size = size or measure(given)
            if took > max(LEAST_MS.get(step, 50.0), MS_PER_KB * size / 1024):
                times, most, slowest = self.slow.get(step, (0, 0.0, None))
                self.slow[step] = (
                    times + 1,
                    *max((took, given), (most, slowest), key=lambda x: x[0]),
                )


def measure(given: Any) -> int:
    return (
        len(given)
        if hasattr(given, "query") or isinstance(given, str | bytes)
        else len(repr(given))
    )


def locate(error: Exception) -> str:
    """Type, message and the innermost place in our own code."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "/patterns/" in f.filename]
    where = (
        f"{frames[-1].filename.rpartition('patterns/')[2]}:{frames[-1].lineno}" if frames else "?"
    )
    return f"{type(error).__name__} {str(error)[:60]!r} at patterns/{where}"


def observe(number: int, given: Any, r: random.Random) -> Observation:
    task = r.choice(["", "t", "task \ud83d", "请"])
    return Observation(
        id=f"o-{number}",
        input=given,
        output=r.choice([None, "done", given]),
        timestamp=1.8e9 + number,
        model_id=r.choice(["m", "\x00"]),
        task_type=task,
        success=r.choice([True, False, None]),
        duration=r.choice([0.0, 1e15]),
    )


def fuzz_recognizer(found: Fuzzed, seed: int, length: int) -> None:
    """One stream of mixed kinds: learn, match, store, repair, snapshot, restore."""
    r = random.Random(seed)
    chosen = r.sample(list(KINDS), r.choice([1, 1, 2, 4]))
    recognizer, given = DefaultPatternRecognizer(seed=seed), list[tuple[Any, Observation]]()
    for number in range(length):
        value = KINDS[r.choice(chosen)](r)
        if given and r.random() < 0.1:
            value = r.choice(given)[0]
        given.append((value, observe(number, value, r)))
        learn(found, recognizer, *given[-1])
        if number == length // 2:
            repair(found, recognizer, given)
    repair(found, recognizer, given)
    restore(found, recognizer, given)
    found.count += length


def learn(
    found: Fuzzed, recognizer: DefaultPatternRecognizer, value: Any, one: Observation
) -> None:
    found.run("match", value, lambda: recognizer.match_one(one))
    if found.run("learn", value, lambda: recognizer.learn_one(one)) is None:
        return
    for name in recognizer.take_changes().changed:
        if name in recognizer:
            check_row(found, recognizer, name, value)


def check_row(found: Fuzzed, recognizer: DefaultPatternRecognizer, name: str, value: Any) -> None:
    """The pattern as a row and back."""
    state = recognizer.get(name)
    row = found.run("store", value, lambda: build_row(state, PROJECT), 1 << 16)
    if row is None:
        return
    found.run("store", value, lambda: to_columns(row), 1 << 16)
    again = found.run("store", value, lambda: state_of(row), 1 << 16)
    texts = msgspec.json.encode([row.template, row.parts, row.slots, row.features, row.model_id])
    if again is not None and again.to_bytes() != state.to_bytes():
        found.fail("store: another state comes back", value)
    if b"\x00" in texts or "\x00" in row.template:
        found.fail("store: a NUL is left in a column", value)


def repair(
    found: Fuzzed, recognizer: DefaultPatternRecognizer, given: list[tuple[Any, Observation]]
) -> None:
    values = [value for value, _ in given]
    size = sum(measure(value) for value in values)
    if found.run("repair", values, recognizer.consolidate, size) is None:
        return
    for name in recognizer.take_changes().changed:
        if name in recognizer:
            check_row(found, recognizer, name, values)


def restore(
    found: Fuzzed, recognizer: DefaultPatternRecognizer, given: list[tuple[Any, Observation]]
) -> None:
    """After a restart the same answers, from a snapshot that is not larger than what was learned."""
    values = [value for value, _ in given]
    size = sum(measure(value) for value in values)
    data = found.run("restore", values, recognizer.snapshot, size)
    if data is None:
        return
    if len(data) > SNAPSHOT_BYTES + 4 * size:
        found.fail("growth: a snapshot four times as large as what was learned", values)
    states = list(recognizer)
    again = found.run(
        "restore", values, lambda: DefaultPatternRecognizer.restore(states, data), size
    )
    for value, one in given[-5:] if again is not None else []:
        now = found.run("match", value, lambda one=one: recognizer.match_one(one))  # type: ignore[misc]
        then = found.run("match", value, lambda one=one: again.match_one(one))  # type: ignore[misc]
        if (now and now.pattern_id) != (then and then.pattern_id):
            found.fail("restore: another answer after it", value)


def fuzz_ingest(found: Fuzzed, seed: int) -> None:
    """A body is stored whole or refused with an error people can read."""
    raw = damaged_item(random.Random(seed))
    found.run("ingest", raw, lambda: take_in(raw))
    found.count += 1


def take_in(raw: bytes) -> None:
    try:
        arrival = build_arrival(parse_interaction(raw))
    except FeatureMemoryError as error:
        if error.status >= 500:
            raise
        return
    unpack_payload(arrival.payload)
