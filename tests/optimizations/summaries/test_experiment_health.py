"""The experiment behind an optimization, in figures and sentences."""

from __future__ import annotations

from typing import Any

import pytest

from optimizations.engine.domain.optimization import OptimizationState
from optimizations.engine.health.arm_sessions import ArmSessions
from optimizations.engine.health.missing_outcomes import MissingOutcomes
from optimizations.engine.reporting.savings import SavingsHour
from optimizations.engine.review.experiment.health_figures import summarize_health
from optimizations.engine.statistics.effect_scores import aipw
from optimizations.engine.trials.trial_tests import TrialTests
from optimizations.models import Optimization
from optimizations.policy_runtime import background_review
from optimizations.storage import OptimizationStorage
from optimizations.summaries.experiment_health import build_experiment, describe_power
from tests import builders, web
from tests.optimizations.builders import decide, report, routed, session_in

pytestmark = pytest.mark.django_db
NOVEMBER = 1_795_348_800.0
MONTH = 30 * 86_400.0


def state_of(tests: TrialTests) -> OptimizationState:
    made = OptimizationState("o", "route_model", "t", "large", {})
    made.health = summarize_health(tests, 3600.0)
    return made


def build(tests: TrialTests, *hours: SavingsHour) -> dict[str, Any]:
    owner = builders.project()
    OptimizationStorage(owner.pk).store_hours(hours)
    found = build_experiment(Optimization(project_id=owner.pk, id="o"), state_of(tests))
    assert found is not None
    return found


def active() -> TrialTests:
    tests = TrialTests.fresh()
    for month in (0, 1):
        for number in range(20):
            treated = number % 5 > 0
            score = aipw(treated, 1.0 if treated else 0.0, 0.8, (0.5, 0.5))
            tests.months.add(NOVEMBER + month * MONTH, score, score, treated)
    return tests


def test_before_the_first_review_there_is_nothing_to_say() -> None:
    state = OptimizationState("o", "route_model", "t", "large", {})
    assert build_experiment(Optimization(id="o"), state) is None


def test_each_month_has_its_saving_and_the_sum_so_far() -> None:
    hour = int(NOVEMBER // 3600)
    later = int((NOVEMBER + MONTH) // 3600)
    found = build(
        active(),
        SavingsHour(hour, "o", True, 5, [2.0, 0.0, 0.0], [0.01, 0.0, 0.0]),
        SavingsHour(hour, "o", False, 5, [9.0, 0.0, 0.0]),  # on trial: not since it is active
        SavingsHour(later, "o", True, 5, [3.0, 0.0, 0.0], [0.01, 0.0, 0.0]),
        SavingsHour(later, "another", True, 5, [7.0, 0.0, 0.0]),
    )["since_activation"]

    first, second = found["months"]
    assert (first["saved"]["point"], second["saved"]["point"]) == (2.0, 3.0)
    assert second["total"]["saved"]["point"] == found["total"]["saved"]["point"] == 5.0
    assert first["saved"]["low"] < 2.0 < first["saved"]["high"]


def test_without_prices_the_saving_is_unknown_and_not_nothing() -> None:
    assert build(active())["since_activation"]["total"]["saved"] is None


def test_a_sound_experiment_has_no_warnings() -> None:
    assert build(active())["warnings"] == []


def test_sessions_that_crossed_are_warned_of_with_their_share() -> None:
    tests = active()
    tests.arms = ArmSessions(200, 100, 7)

    (text,) = build(tests)["warnings"]

    assert text.startswith("7 of 100 sessions with several requests saw both arms (7.0%)")


def test_many_outcomes_that_never_came_are_warned_of_whatever_their_arm() -> None:
    tests = active()
    tests.missing = MissingOutcomes()
    for number in range(40):
        tests.missing.missed.add(number % 2 == 0, 0.5)
    for _ in range(40):
        tests.missing.note_arrival(True, 1.0, 3600.0)

    (text,) = build(tests)["warnings"]

    assert "50.0% of the outcomes never came (20 treated, 20 held out)" in text


def test_outcomes_missing_in_one_arm_are_told_as_a_held_change() -> None:
    tests = active()
    for _ in range(20):
        tests.missing.missed.add(True, 0.1)

    assert "20 of 20 outcomes that never came are treated" in build(tests)["warnings"][0]


POWER = {"more": 400, "days": 3.2, "per_day": 125.0, "chance": 0.81, "smallest": 0.031}


def test_the_outlook_says_how_many_more_and_how_long() -> None:
    text = describe_power(POWER)

    assert text == (
        "It needs about 400 more requests in both arms together, 3 days at this pace, if quality "
        "stays the same. 81.0% of such trials end with a proof."
    )


def test_a_trial_that_can_hardly_end_says_what_it_could_find() -> None:
    text = describe_power({**POWER, "chance": 0.0003})

    assert "fewer than 1% of such trials end with one" in text
    assert text.endswith("rule out a loss of more than 3.1 pt.")


def test_what_saves_nothing_cannot_be_proven_by_saving() -> None:
    assert describe_power({**POWER, "more": None}).startswith("It cannot be proven by saving money")


def test_the_api_and_the_page_show_it() -> None:
    owner = builders.project()
    made = routed(owner)
    for number in range(3):
        session = session_in(owner)
        report(owner, decide(owner, task={"session_id": session}), f"answer-{number}")
    background_review.review(owner.pk)

    found = builders.caller(owner).get(f"optimizations/{made.id}/").json()["experiment"]

    assert found["sessions"]["n"] >= 1
    assert found["outcomes"]["treatment"]["came"] >= 1
    assert found["outcomes"]["waited_s"] == 3600.0
    page = web.browser(web.person("reader")).get(f"/optimizations/{made.id}/")
    assert "Is the experiment sound?" in page.content.decode()
