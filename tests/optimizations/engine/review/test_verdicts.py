import numpy as np
import pytest

from optimizations.engine.domain.optimization import OptimizationState
from optimizations.engine.domain.settings import PolicySettings
from optimizations.engine.review import verdicts
from optimizations.engine.shadows.pair_tests import PairTests
from optimizations.engine.statistics.betting import HARM_WEIGHTS
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


def in_pairs(n_live: int, worse: int, n: int = 700) -> TrialTests:
    """Pairs of which `worse` more lost than won: all traffic is not proven to keep its quality."""
    pairs, proof = PairTests.fresh(), TrialTests.fresh()
    for number in range(n):
        lost = -1.0 if number % 10 == 0 and number < 10 * worse else 0.0
        pairs.add(lost, 0.08, 1.0, -0.02)
    proof.n_treated = proof.n_control = n_live
    proof.pairs = pairs
    return proof


@pytest.mark.parametrize(("n_live", "harmless"), [(0, False), (99, False), (100, True)])
def test_what_was_tried_live_needs_no_pairs_about_all_traffic(n_live: int, harmless: bool) -> None:
    proof = in_pairs(n_live, worse=14)

    assert proof.pairs is not None
    assert proof.pairs.all_traffic < SETTINGS.reject_at
    assert verdicts.is_harmless_overall(proof, SETTINGS) is harmless


def test_what_was_only_seen_in_pairs_has_to_keep_the_quality_of_all_traffic() -> None:
    assert verdicts.is_harmless_overall(in_pairs(0, worse=0), SETTINGS)


def suspected(treated: float, control: float, n: int = 400, level: float = 0.9) -> TrialTests:
    """An active change after an alarm, half held out, with these success rates since. Before it had
    `level`, and so had the control."""
    rng, proof = np.random.default_rng(1), TrialTests.fresh()
    proof.watch.falls.gap_n = 500.0
    proof.start_alarm_tests()
    assert proof.suspicion is not None
    for _ in range(n):
        arm = bool(rng.random() < 0.5)
        y = float(rng.random() < (treated if arm else control))
        score = aipw(arm, y, 0.5, (control, treated))
        proof.update(score, score, arm)
        if arm:
            proof.watch.falls.update(y, level, alarmed=True)
    return proof


def verdict_on(proof: TrialTests) -> str | None:
    state = OptimizationState("o", "route_model", "chat", "large", {}, status="active", alarm=True)
    verdict = verdicts.judge_active(state, proof, SETTINGS, ALLOWED)
    return verdict.step if verdict else None


def test_a_fall_against_the_holdout_is_rolled_back() -> None:
    assert verdict_on(suspected(0.75, 0.9)) == "suspended"


def test_a_fall_of_both_arms_is_not() -> None:
    assert verdict_on(suspected(0.75, 0.75)) != "suspended"


def test_a_steady_arm_is_rolled_back_on_strong_evidence_alone() -> None:
    """A holdout that does better by chance is no fall."""
    lucky = suspected(0.8, 0.9, n=150, level=0.8)
    assert lucky.suspicion is not None
    harm = lucky.suspicion.quality.below(-ALLOWED, HARM_WEIGHTS)

    assert verdicts.BACKED_BAR < harm < verdicts.ALONE_BAR
    assert verdict_on(lucky) is None
    lucky.watch.falls = suspected(0.8, 0.9, n=150, level=0.97).watch.falls
    assert verdict_on(lucky) == "suspended"


def test_an_alarm_without_its_tests_begins_them() -> None:
    proof = suspected(0.9, 0.9, n=0)
    proof.suspicion = None
    assert verdict_on(proof) is None
    assert proof.suspicion is not None


def test_a_wider_margin_holds_for_success_too() -> None:
    """Success falls by some 8 points: too much at a margin of 5, allowed at 20."""
    rng, proof = np.random.default_rng(5), TrialTests.fresh()
    for _ in range(900):
        arm = bool(rng.random() < 0.5)
        score = aipw(arm, float(rng.random() < (0.82 if arm else 0.9)), 0.5, (0.9, 0.82))
        proof.update(score, score, arm)
        proof.update_second(score)

    assert verdicts.guard_evidence(proof, SETTINGS) < 1
    assert verdicts.guard_evidence(proof, PolicySettings(quality_margin=0.2)) > 20


def test_who_allows_a_larger_loss_where_something_changes_allows_more_of_all_traffic() -> None:
    assert SETTINGS.quality_budget == pytest.approx(0.01)
    assert PolicySettings(quality_margin=0.2).quality_budget == pytest.approx(0.04)


def test_an_alarm_that_was_chance_ends_soon_and_what_was_known_stays() -> None:
    calm = suspected(0.9, 0.9, n=300)
    assert calm.watch.falls.value < 2

    assert verdict_on(calm) == "cleared"
    calm.end_alarm_tests()
    assert calm.watch.falls.gap_n == 500


def test_after_a_bad_day_for_both_the_gap_is_learned_anew() -> None:
    fallen = suspected(0.7, 0.7, n=200)

    fallen.end_alarm_tests()

    assert fallen.watch.falls.gap_n == 0
