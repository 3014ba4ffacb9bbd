"""What an outcome counts for: failures are failures, neither fast nor cheap."""

from __future__ import annotations

from typing import Any

import pytest

from optimizations.engine.domain.optimization import ArmStats
from optimizations.engine.domain.outcome import Outcome
from optimizations.engine.domain.task import CONTROL, Task
from optimizations.engine.domain.trial_scope import Scope
from optimizations.engine.reporting.savings_ledger import SavingsLedger
from optimizations.engine.trials.scoring import read_outcome


def outcome(**fields: Any) -> Outcome:
    return Outcome(id="1", task=Task(model_id="m", input="x"), model_id="m", at=0.0, **fields)


def test_a_failure_nobody_judged_is_a_failure() -> None:
    assert outcome(failed=True).quality == 0.0
    assert outcome().quality is None


def test_a_failed_call_counts_as_dear_and_slow_as_usual() -> None:
    scope = Scope("route_model", "t", "m", "m", {})
    scope.note_reference(2.0, 1000.0)
    for _ in range(1000):
        scope.learn(CONTROL, "", 1.0, 1.0, 1.0)

    failed = read_outcome(scope, outcome(failed=True, cost=0.0, duration=1.0), "", 0.0)

    assert failed is not None
    assert failed.quality == 0.0
    assert [failed.cost, failed.time] == pytest.approx([1.0, 1.0])


def test_the_figures_of_an_arm_leave_failed_calls_out() -> None:
    arm = ArmStats()
    arm.note(outcome(success=True, duration=1000.0), 1.0, 0.5)
    arm.note(outcome(failed=True, error="timeout", duration=0.0), 0.0, 0.0)

    assert (arm.n, arm.errors) == (2, 1)
    assert (arm.timed, arm.duration, arm.priced, arm.cost) == (1, 1000.0, 1, 0.5)


def test_what_a_failed_call_did_not_cost_was_not_saved() -> None:
    ledger = SavingsLedger()
    ledger.record(outcome(success=True), 1.0, {})
    ledger.record(outcome(failed=True, error="timeout"), 0.0, {})

    (mean,) = ledger.means.values()
    assert (mean.n, mean.mean(0)) == (1, 1.0)
