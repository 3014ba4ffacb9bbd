"""Quality with memory and in the holdout per hour, counted with the outcomes and corrected with them."""

from __future__ import annotations

import pytest

from optimizations.models import ArmHour
from optimizations.policy_runtime import outcomes
from optimizations.policy_runtime.arm_hours import ArmSums, read_sums, sum_arms
from tests import builders
from tests.optimizations.builders import decide, report, routed, session_in

pytestmark = pytest.mark.django_db


def test_each_judged_call_is_counted_for_its_arm_in_its_hour() -> None:
    owner = builders.project()
    routed(owner)
    for number, arm in enumerate(("treatment", "treatment", "holdout")):
        made = decide(owner, task={"session_id": session_in(owner, arm)})
        report(owner, made, f"answer-{number}", score=1.0 - 0.5 * number)
    outcomes.count_outcomes(owner.pk, save=True)

    found = sum_arms(read_sums(owner.pk, 0, 10**7))
    assert found["memory"].n == 2
    assert found["memory"].mean == pytest.approx(0.75)
    assert found["holdout"].n == 1
    assert found["holdout"].mean == pytest.approx(0.0)
    assert found["holdout"].weight > 1


def test_late_feedback_replaces_what_was_counted() -> None:
    owner = builders.project()
    routed(owner)
    made = decide(owner, task={"session_id": session_in(owner)})
    report(owner, made, "answer", score=0.2)
    outcomes.count_outcomes(owner.pk, save=True)
    builders.caller(owner).post(
        "feedback/", {"interaction_id": "answer", "metric_name": "score", "value": 0.9}
    )
    outcomes.count_outcomes(owner.pk, save=True)

    (row,) = ArmHour.objects.filter(project=owner)
    assert row.n == 1
    assert row.quality == pytest.approx(0.9)


def test_many_light_calls_tell_less_than_their_number() -> None:
    sums = ArmSums()
    for weight in (9.0, 1.0, 1.0):
        sums.add(ArmSums(1, weight, weight**2, weight))

    assert sums.effective_n == pytest.approx(121 / 83)
    assert ArmSums().mean is None
