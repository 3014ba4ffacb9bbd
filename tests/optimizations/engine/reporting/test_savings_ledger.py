from __future__ import annotations

import pytest

from optimizations.engine.policy import PolicyEngine
from optimizations.engine.reporting import savings_ledger
from optimizations.engine.reporting.savings import sum_savings
from tests.optimizations.engine.simulation import COST, LARGE, engine, play


def played(requests: int = 3000) -> tuple[PolicyEngine, float]:
    policy = engine()
    paid = [COST[d.task.model_id] for _, d in play(policy, lambda n, p, m: 0.95, requests)]
    return policy, len(paid) * COST[LARGE] - sum(paid)


def test_the_net_interval_holds_what_was_really_saved() -> None:
    policy, true = played()
    net = policy.savings(0, 1e9).net.cost
    assert net.low - 1e-6 <= true <= net.high + 1e-6
    assert net.point == pytest.approx(true, rel=0.1)


def test_estimated_and_verified_add_up_to_the_net() -> None:
    policy, _ = played()
    ledger = policy.savings(0, 1e9)
    total = ledger.estimated.cost.point + ledger.verified.cost.point
    assert ledger.net.cost.point == pytest.approx(total)
    assert ledger.verified.cost.point > ledger.estimated.cost.point > 0


def test_periods_add_up_to_the_whole() -> None:
    policy, _ = played()
    noon = 1500 * 60.0
    parts = [policy.savings(0, noon), policy.savings(noon, 1e9)]
    whole = policy.savings(0, 1e9).net
    assert sum(p.net.cost.point for p in parts) == pytest.approx(whole.cost.point)
    assert sum(p.net.n for p in parts) == whole.n


def test_stored_hours_give_the_same_ledger() -> None:
    policy, _ = played()
    kept = {(h.hour, h.optimization_id, h.verified): h for h in policy.take_changes().hours}
    assert sum_savings(kept.values(), 0, 1e9) == policy.savings(0, 1e9)


def test_only_so_many_hours_are_kept_and_the_stored_ones_complete_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    policy, _ = played()
    whole = policy.savings(0, 1e9)
    monkeypatch.setattr(savings_ledger, "MOST_HOURS", 10)
    stored = policy.take_changes().hours
    kept = policy._memory.ledger.hours.values()

    assert len({one.hour for one in kept}) == 10
    older = [one for one in stored if one.hour < policy.oldest_hour]
    assert len(older) + len(kept) == len(stored)
    assert policy.savings(0, 1e9, older) == whole


def test_what_comes_for_an_hour_that_is_only_stored_does_not_replace_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    policy, _ = played()
    policy.take_changes()
    policy._memory.ledger.oldest = 10**6
    play(policy, lambda n, p, m: 0.95, 300)

    assert policy.take_changes().hours == ()


def test_without_an_effect_it_says_so() -> None:
    ledger = engine().savings(0, 1e9)
    assert ledger.message == "No measurable effect yet."
    assert ledger.net.n == 0
