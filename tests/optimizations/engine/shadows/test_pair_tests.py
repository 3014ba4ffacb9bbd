from __future__ import annotations

import msgspec
import pytest

from optimizations.engine.shadows.pair_tests import PairTests
from optimizations.engine.trials.trial_tests import TrialTests

MARGIN, SAVED = 0.05, 0.08


def agreeing(n: int) -> PairTests:
    tests = PairTests.fresh()
    for _ in range(n):
        tests.add(0.0, SAVED, 1.0, -MARGIN)
    return tests


def test_equal_answers_that_cost_less_prove_gain_and_quality() -> None:
    tests = agreeing(200)

    assert tests.lift > 33
    assert tests.guard(MARGIN) > 20
    assert tests.all_traffic > 20
    assert tests.harm(MARGIN) < 1


def test_nothing_is_known_before_the_first_pair() -> None:
    tests = PairTests.fresh()

    assert (tests.lift, tests.guard(MARGIN), tests.all_traffic) == (1.0, 1.0, 1.0)


def test_a_few_dozen_verdicts_turn_open_pairs_into_a_proof() -> None:
    """At 95 % success some 24 of 300 pairs differ: that most are as good ends the question."""
    tests = agreeing(276)
    for number in range(24):
        tests.add_open(f"s{number}", SAVED, 1.0, -MARGIN)
    before = tests.guard(MARGIN)

    for number in range(24):
        tests.judge(f"s{number}", (-1.0, 1.0, 0.0, 0.0)[number % 4])

    assert before < 1
    assert tests.guard(MARGIN) > 20
    assert tests.judged == 24


def test_a_verdict_taken_back_leaves_no_trace() -> None:
    tests = agreeing(40)
    tests.add_open("s", SAVED, 1.0, -MARGIN)
    before = tests.guard(MARGIN), tests.lift, tests.all_traffic

    tests.judge("s", 1.0)
    tests.judge("s", None)

    assert (tests.guard(MARGIN), tests.lift, tests.all_traffic) == pytest.approx(before)
    assert tests.judged == 0


def test_a_score_that_rises_while_success_falls_does_not_pass_the_guard() -> None:
    tests = PairTests.fresh()
    for _ in range(300):
        tests.add(0.2, SAVED, 1.0, -MARGIN)
        tests.success.add(-1.0, -1.0)

    assert tests.lift > 33
    assert tests.guard(MARGIN) < 1


def test_bets_on_what_is_no_longer_served_are_given_up_and_the_reserve_starts_anew() -> None:
    tests = PairTests.fresh()
    for _ in range(60):
        tests.add(-1.0, SAVED, 1.0, -MARGIN)

    tests.start_anew({"p": "other"}, MARGIN)

    assert tests.quality.n == 0
    assert 0 < tests.lift < 0.5
    assert tests.part + tests.reserve == pytest.approx(0.25)


def test_they_are_saved_with_the_optimization_and_go_on() -> None:
    tests = TrialTests.fresh()
    tests.pairs = agreeing(30)
    tests.pairs.add_open("s", SAVED, 1.0, -MARGIN)

    found = TrialTests.from_bytes(tests.to_bytes()).pairs

    assert found is not None
    assert found.lift == tests.pairs.lift
    assert msgspec.structs.asdict(found.open["s"]) == msgspec.structs.asdict(tests.pairs.open["s"])
