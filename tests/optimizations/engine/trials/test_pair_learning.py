"""Which pairs of answers are evidence, and of what."""

from __future__ import annotations

from typing import Any

import pytest

from optimizations.engine.domain.outcome import Outcome
from optimizations.engine.domain.settings import PolicySettings
from optimizations.engine.domain.task import Task
from optimizations.engine.domain.trial_scope import Scope
from optimizations.engine.trials.pair_learning import PairReading, read_pair

LETTER = "Dear customer,\nyour parcel will arrive tomorrow."


def scope(graded: int = 0) -> Scope:
    made = Scope("route_model", "t", "large", "large", {})
    made.meter.served, made.meter.graded = 100, graded
    return made


def told(model: str, output: Any, **said: Any) -> tuple[Outcome, float | None]:
    return Outcome(model, Task(model, task_type="t"), model, 0.0, output=output, **said), 1.0


def read(main: tuple, shadow: tuple, graded: int = 0) -> PairReading | None:  # type: ignore[type-arg]
    return read_pair(scope(graded), main, shadow, "small", PolicySettings())


@pytest.mark.parametrize("graded", [0, 100])
def test_two_open_answers_that_only_succeeded_are_no_evidence(graded: int) -> None:
    main, shadow = told("large", LETTER, success=True), told("small", "No idea.\n", success=True)

    assert read(main, shadow, graded) is None


def test_two_labels_that_differ_are_open_though_both_calls_succeeded() -> None:
    found = read(told("large", "billing", success=True), told("small", "other", success=True))

    assert found is not None
    assert found.difference is None


def test_equal_labels_are_equally_good() -> None:
    found = read(told("large", "billing", success=True), told("small", "Billing", success=True))

    assert found is not None
    assert (found.difference, found.agreed) == (0.0, True)


def test_where_answers_are_scored_a_success_without_a_score_waits() -> None:
    main, shadow = told("large", "billing", score=0.4), told("small", "other", success=True)

    assert read(main, shadow, graded=100) is None


def test_a_score_on_both_counts_whatever_success_says() -> None:
    found = read(told("large", LETTER, score=0.9, success=True), told("small", "x", score=0.2))

    assert found is not None
    assert found.difference == pytest.approx(-0.7)


def test_a_shadow_that_failed_is_worse_than_an_answer() -> None:
    failed = told("small", None, success=False, failed=True)
    found = read(told("large", "billing", success=True), failed)

    assert found is not None
    assert found.difference == -1.0


def test_prose_beside_a_label_differs_and_does_not_wait() -> None:
    """Or an alternative that never answers with a label would be compared only where it does."""
    found = read(told("large", "billing"), told("small", LETTER))

    assert found is not None
    assert found.difference is None


def test_equal_open_texts_wait_like_those_that_differ() -> None:
    assert read(told("large", LETTER), told("small", LETTER)) is None
