"""What all tests of one optimization promise together."""

from __future__ import annotations

import pytest

from optimizations.engine.trials.trial_tests import TrialTests


def test_all_that_watch_the_balance_raise_two_false_alarms_in_a_thousand_together() -> None:
    ratios = TrialTests.fresh().list_ratios()

    assert sum(1 / one.alarm for one in ratios) == pytest.approx(0.002)


def test_what_came_raises_its_alarm_at_half_the_evidence_of_the_others() -> None:
    tests = TrialTests.fresh()
    for ratio in (tests.arrived, tests.judged, tests.missing.missed):
        while ratio.highest < 1100:
            ratio.add(True, 0.8)

    assert [one.is_off for one in tests.list_ratios()] == [True, False, False]
    assert " outcomes are treated" in tests.find_imbalance()
