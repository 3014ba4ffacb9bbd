from __future__ import annotations

import numpy as np
import pytest

from optimizations.engine.statistics.paired_bets import PairedBets

MARGIN = 0.05


def differences(lost: float, won: float, n: int, rng: np.random.Generator) -> list[float]:
    """Pairs that differ by -1 with chance `lost`, by +1 with chance `won`."""
    return rng.choice([-1.0, 1.0, 0.0], n, p=[lost, won, 1 - lost - won]).tolist()


def test_equal_answers_are_proven_to_keep_quality() -> None:
    bets = PairedBets.over()
    for _ in range(150):
        bets.add(0.0, 0.0)

    assert bets.above(-MARGIN) > 20
    assert bets.above(0.0) == pytest.approx(1.0)
    assert -MARGIN <= bets.interval()[1] < 0


def test_a_loss_as_large_as_the_margin_is_proven_harmless_rarely() -> None:
    rng, runs, fooled = np.random.default_rng(1), 120, 0
    for _ in range(runs):
        bets = PairedBets.over(np.array([-MARGIN]))
        values = (0.0,)
        for value in differences(0.10, 0.05, 800, rng):
            bets.add(value, value)
            values = (max(values[0], bets.above(-MARGIN)),)
        fooled += values[0] >= 20

    assert fooled / runs <= 0.05


def test_the_order_of_pairs_does_not_matter() -> None:
    rng = np.random.default_rng(2)
    found = differences(0.1, 0.1, 200, rng)
    one, other = PairedBets.over(), PairedBets.over()
    for value in found:
        one.add(value, value)
    for value in reversed(found):
        other.add(value, value)

    assert one.above(-MARGIN) == pytest.approx(other.above(-MARGIN))


def test_a_pair_nobody_judged_counts_as_the_worst_on_either_side() -> None:
    known, unknown = PairedBets.over(), PairedBets.over()
    for _ in range(50):
        known.add(0.0, 0.0)
        unknown.add(-1.0, 1.0)

    assert unknown.above(-MARGIN) < known.above(-MARGIN)
    assert unknown.below(-MARGIN) < known.below(-MARGIN) < 1


def test_a_verdict_gives_what_knowing_at_once_had_given() -> None:
    late, early = PairedBets.over(), PairedBets.over()
    late.add(-1.0, 1.0, 0.5)
    late.revise((-1.0, 1.0), (1.0, 1.0), 0.5)
    early.add(1.0, 1.0, 0.5)

    assert late.above(0.0) == pytest.approx(early.above(0.0))
    assert late.mean == pytest.approx(early.mean)


def test_weights_make_up_for_patterns_that_were_drawn_more_often() -> None:
    """Half of the traffic loses 10 points, half gains as much; the losing half is drawn twice as often."""
    rng, bets = np.random.default_rng(3), PairedBets.over()
    for _ in range(4000):
        losing = rng.random() < 2 / 3
        value = differences(0.1, 0.0, 1, rng)[0] if losing else differences(0.0, 0.1, 1, rng)[0]
        bets.add(value, value, 0.5 if losing else 1.0)

    assert abs(bets.mean) < 0.03
    assert bets.above(-MARGIN) > 20
    assert bets.below(0.0) < 20
