"""Plans made by a process of their own are those made here, and its limits hold."""

from __future__ import annotations

import math
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from patterns.engine.domain.observation import Observation
from patterns.engine.grouping.free_text.embedders import chosen
from patterns.engine.grouping.prompts.slot_ngrams import Passages
from patterns.engine.recognizer import DefaultPatternRecognizer
from patterns.engine.repair.consolidate import apply_plans
from patterns.engine.repair.drafts import draft_partitions
from patterns.engine.repair.plan import Draft, RepairPlan
from patterns.engine.repair.planner import Planner
from patterns.recognition import repair_process as module
from patterns.recognition.repair_process import PlanFailed, PlannerEnded, PlannerProcess
from tests.patterns.engine.streams import mixed, prompts

LEXICAL = ("lexical", "", "", "")


@pytest.fixture
def process() -> Iterator[Callable[..., PlannerProcess]]:
    made: list[PlannerProcess] = []

    def start(passages: bytes = b"", stop: Callable[[], bool] = lambda: False) -> PlannerProcess:
        made.append(PlannerProcess(LEXICAL, passages, stop))
        return made[-1]

    yield start
    for one in made:
        one.close()


def trained(stream: list[Observation]) -> DefaultPatternRecognizer:
    recognizer = DefaultPatternRecognizer(seed=3)
    for observation in stream:
        recognizer.learn_one(observation)
    return recognizer


def content(recognizer: DefaultPatternRecognizer) -> tuple[bytes, list[bytes]]:
    states = sorted(recognizer, key=lambda state: state.id)
    return recognizer.snapshot(), [state.to_bytes() for state in states]


@pytest.mark.parametrize("seed", [1, 2])
def test_a_repair_planned_apart_ends_like_one_made_here(
    process: Callable[..., PlannerProcess], seed: int
) -> None:
    stream = mixed(420, seed)
    here, there = trained(stream), trained(stream)
    expected = here.consolidate()

    base = there.memory.passages.to_bytes()
    child, plans, passages = process(base), {}, base
    for draft in draft_partitions(there.memory):
        answer = child.plan(draft)
        plans[draft.name] = msgspec.msgpack.decode(answer.plan, type=RepairPlan)
        passages = answer.passages or passages
    there.memory.passages.follow(base, passages)

    assert apply_plans(there.memory, plans) == expected
    assert content(there) == content(here)
    assert expected.changes


def test_texts_that_came_meanwhile_join_the_plan(process: Callable[..., PlannerProcess]) -> None:
    stream = mixed(300, 4)
    draft = max(draft_partitions(trained(stream).memory), key=lambda one: len(one.samples))
    first = msgspec.structs.replace(draft, samples=draft.samples[:-9])
    came = msgspec.structs.replace(draft, samples=draft.samples[-9:])
    planner = Planner(first, Passages(), chosen(*LEXICAL))
    planner.run()
    child = process()
    child.plan(first)

    found = msgspec.msgpack.decode(child.plan(came, more=True).plan, type=RepairPlan)
    assert found == planner.more(came)
    assert all(found.keys[name] for name, _, _ in came.samples)


def many(count: int) -> Draft:
    """A partition of so many prompts."""
    samples = [(one.id, str(one.input), "k") for one in prompts(count)]
    return Draft("t|text", "prompt", 0, 0.0, samples, {"k": 0.0})


@pytest.mark.parametrize(
    ("limit", "value", "reason"),
    [("LIMIT_BYTES", 8 << 20, "more memory than"), ("LIMIT_CPU_S", 1, "1 s of processor time")],
)
def test_its_limits_end_it_with_a_reason(
    process: Callable[..., PlannerProcess],
    monkeypatch: pytest.MonkeyPatch,
    limit: str,
    value: int,
    reason: str,
) -> None:
    monkeypatch.setattr(module, limit, value)
    with pytest.raises(PlannerEnded, match=reason):
        process().plan(many(9000))


def test_it_ends_within_moments_when_told_to_stop(process: Callable[..., PlannerProcess]) -> None:
    child = process(stop=lambda: True)
    with pytest.raises(PlannerEnded, match="stopped"):
        child.plan(draft_partitions(trained(mixed(60, 1)).memory)[0])


def test_it_ends_with_its_parent(process: Callable[..., PlannerProcess]) -> None:
    child = process().process
    assert child.stdin
    child.stdin.close()

    assert child.wait(20) == 0


def test_a_killed_one_is_noticed(process: Callable[..., PlannerProcess]) -> None:
    child = process()
    os.kill(child.process.pid, signal.SIGKILL)
    with pytest.raises(PlannerEnded, match="ended with -9"):
        child.plan(draft_partitions(trained(mixed(60, 1)).memory)[0])


def test_it_takes_only_what_processor_time_is_left_over(
    process: Callable[..., PlannerProcess],
) -> None:
    child = process()
    child.plan(draft_partitions(trained(mixed(60, 1)).memory)[0])

    assert os.getpriority(os.PRIO_PROCESS, child.process.pid) >= module.NICE
    assert "django" not in Path(f"/proc/{child.process.pid}/maps").read_text()


def test_a_partition_that_cannot_be_planned_ends_the_process_for_no_other(
    process: Callable[..., PlannerProcess],
) -> None:
    draft = max(draft_partitions(trained(mixed(100, 2)).memory), key=lambda one: len(one.samples))
    child, one_group = process(), [(name, text, "k") for name, text, _ in draft.samples]
    bad = msgspec.structs.replace(draft, samples=one_group, now=math.inf, founded={"k": math.inf})

    with pytest.raises(PlanFailed, match="Error"):
        child.plan(bad)  # no id can be made of such a time
    assert child.plan(draft).plan
