"""When shadows of what would be served have told enough without a gain in sight."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

from optimizations.engine.review.scope_view import ScopeView
from optimizations.engine.review.shadowing.promise import STALLED_AFTER, is_stalled
from optimizations.engine.shadows.pair_tests import PairTests


def look_at(difference: float, weight: float, count: int) -> ScopeView:
    pairs = PairTests.fresh()
    for _ in range(count):
        pairs.add(difference, 0.0, weight, -0.02)
    return cast(
        "ScopeView", SimpleNamespace(chooser=SimpleNamespace(tests=SimpleNamespace(pairs=pairs)))
    )


def test_many_pairs_without_a_gain_are_enough() -> None:
    assert is_stalled(look_at(0.0, 1.0, STALLED_AFTER))
    assert not is_stalled(look_at(0.0, 1.0, STALLED_AFTER - 1))


def test_a_gain_in_sight_goes_on() -> None:
    assert not is_stalled(look_at(0.1, 1.0, STALLED_AFTER))


def test_evaluated_tasks_that_count_little_are_not_many() -> None:
    assert not is_stalled(look_at(0.0, 0.3, 2 * STALLED_AFTER))


def test_without_pairs_nothing_is_known_yet() -> None:
    assert not is_stalled(cast("ScopeView", SimpleNamespace(chooser=None)))
