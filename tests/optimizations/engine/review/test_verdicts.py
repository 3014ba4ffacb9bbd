import numpy as np
import pytest

from optimizations.engine.domain.optimization import OptimizationState
from optimizations.engine.domain.settings import PolicySettings
from optimizations.engine.review import verdicts
from optimizations.engine.statistics.effect_scores import aipw
from optimizations.engine.trials.trial_tests import TrialTests

SETTINGS = PolicySettings()
ALLOWED = 0.01


def trial(e_lift: float, e_guard: float) -> tuple[OptimizationState, TrialTests]:
    state = OptimizationState("o", "route_model", "chat", "large", {}, status="trial")
    state.e_lift, state.e_guard = e_lift, e_guard
    proof = TrialTests.fresh()
    proof.n_treated = proof.n_control = SETTINGS.min_per_arm
    return state, proof


@pytest.mark.parametrize(
    ("e_lift", "e_guard", "step"), [(32.0, 99.0, None), (99.0, 19.0, None), (33.0, 20.0, "active")]
)
def test_a_trial_ends_with_both_proofs(e_lift: float, e_guard: float, step: str | None) -> None:
    verdict = verdicts.judge_trial(*trial(e_lift, e_guard), SETTINGS, discovered=True)
    assert (verdict.step if verdict else None) == step


def suspected(treated: float, control: float, n: int = 400, level: float = 0.9) -> TrialTests:
    """An active change after an alarm, half held out, with these success rates since."""
    rng, proof = np.random.default_rng(1), TrialTests.fresh()
    proof.watch.falls.level_sum, proof.watch.falls.level_n = level * 500, 500.0
    proof.start_alarm_tests()
    assert proof.suspicion is not None
    for _ in range(n):
        arm = bool(rng.random() < 0.5)
        y = float(rng.random() < (treated if arm else control))
        score = aipw(arm, y, 0.5, (control, treated))
        proof.update(score, score, arm)
        if arm:
            proof.suspicion.note(y)
    return proof


def verdict_on(proof: TrialTests) -> str | None:
    state = OptimizationState("o", "route_model", "chat", "large", {}, status="active", alarm=True)
    verdict = verdicts.judge_active(state, proof, SETTINGS, ALLOWED)
    return verdict.step if verdict else None


def test_a_fall_against_the_holdout_is_rolled_back() -> None:
    assert verdict_on(suspected(0.75, 0.9)) == "suspended"


def test_a_fall_of_both_arms_is_not() -> None:
    assert verdict_on(suspected(0.75, 0.75)) != "suspended"


def test_a_loss_is_not_believed_while_the_treated_arm_is_what_it_was() -> None:
    since = suspected(0.75, 0.9).suspicion
    assert since is not None
    assert verdicts.is_costly(since, ALLOWED, SETTINGS)
    since.level = 0.75
    assert not verdicts.is_costly(since, ALLOWED, SETTINGS)


def test_an_alarm_without_its_tests_begins_them() -> None:
    proof = suspected(0.9, 0.9, n=0)
    proof.suspicion = None
    assert verdict_on(proof) is None
    assert proof.suspicion is not None
