"""Decisions whose outcome never came."""

from __future__ import annotations

import time

import pytest

from featurememory.models import Project
from optimizations.models import Decision
from optimizations.policy_runtime import background_review, outcomes
from optimizations.policy_runtime.missing_outcomes import note_missing
from optimizations.policy_runtime.policy_cache import policies
from tests import builders
from tests.optimizations.builders import decide, report, routed, session_in

pytestmark = pytest.mark.django_db
HOUR_MS = 3_600_000


def grow_old(owner: Project, ids: list[str], hours: float = 2.0) -> None:
    at = time.time_ns() // 1_000_000 - round(hours * HOUR_MS)
    Decision.objects.filter(project=owner, id__in=ids).update(at=at)


def count_missing(owner: Project) -> tuple[int, int]:
    """(treated, held out) as the pinned optimization has them."""
    with policies.changing(owner.pk) as kept:
        note_missing(owner.pk, kept)
        outcomes.save_policy(owner.pk, kept)
    trials = policies.for_deciding(owner.pk).engine._trials.values()
    (trial,) = [one for one in trials if one.state.pinned]
    return trial.tests.missing.count_missing()


def decided(owner: Project, arm: str) -> str:
    return str(decide(owner, task={"session_id": session_in(owner, arm)})["decision_id"])


def test_what_does_not_come_for_an_hour_is_missing_in_its_arm() -> None:
    owner = builders.project()
    routed(owner)
    names = [decided(owner, "treatment"), decided(owner, "holdout")]

    assert count_missing(owner) == (0, 0)
    grow_old(owner, names)
    assert count_missing(owner) == (1, 1)


def test_it_is_counted_once_and_what_came_is_not() -> None:
    owner = builders.project()
    routed(owner)
    missing = decided(owner, "treatment")
    answered = decide(owner, task={"session_id": session_in(owner, "holdout")})
    report(owner, answered, "came")
    grow_old(owner, [missing, answered["decision_id"]])

    assert [count_missing(owner), count_missing(owner)] == [(1, 0), (1, 0)]


def test_an_engine_that_is_loaded_again_goes_on_where_it_looked_last() -> None:
    owner = builders.project()
    routed(owner)
    grow_old(owner, [decided(owner, "treatment")])
    assert count_missing(owner) == (1, 0)

    policies.drop(owner.pk)

    assert count_missing(owner) == (1, 0)


def test_one_that_comes_late_is_no_longer_missing() -> None:
    owner = builders.project()
    routed(owner)
    late = decide(owner, task={"session_id": session_in(owner, "treatment")})
    grow_old(owner, [late["decision_id"]])
    assert count_missing(owner) == (1, 0)

    report(owner, late, "late")

    assert count_missing(owner) == (0, 0)


def test_the_background_review_looks_for_them() -> None:
    owner = builders.project()
    routed(owner)
    grow_old(owner, [decided(owner, "treatment")])

    background_review.review(owner.pk)

    assert policies.for_deciding(owner.pk).engine.wait.until
