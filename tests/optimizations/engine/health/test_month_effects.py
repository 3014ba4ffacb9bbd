"""The effect since activation, month by month."""

from datetime import UTC, datetime

import numpy as np
import pytest

from optimizations.engine.health import month_effects
from optimizations.engine.health.month_effects import MonthEffects, month_of
from optimizations.engine.statistics.effect_scores import Score, aipw


def at(year: int, month: int) -> float:
    return datetime(year, month, 15, tzinfo=UTC).timestamp()


def score(value: float) -> Score:
    return Score(value, -1.0, 1.0, 0.0, 1.0, 0.0, 1.0, 1.0, (0.0, 1.0))


def test_a_month_is_that_of_the_calendar_in_utc() -> None:
    assert month_of(datetime(2026, 11, 30, 23, 59, tzinfo=UTC).timestamp()) == "2026-11"


def test_each_month_has_its_own_mean() -> None:
    effects = MonthEffects()
    for month, value in ((10, 0.1), (11, 0.3), (10, 0.2)):
        effects.add(at(2026, month), score(value), score(-value), True)

    first, second = effects.months
    assert (first.month, first.treated, second.month) == ("2026-10", 2, "2026-11")
    assert first.quality.interval(first.n)[0] == pytest.approx(0.15)
    assert first.utility.interval(first.n)[0] == pytest.approx(-0.15)


def test_the_interval_holds_the_true_effect() -> None:
    held = 0
    for seed in range(40):
        rng, effects = np.random.default_rng(seed), MonthEffects()
        for _ in range(1500):
            treated = bool(rng.random() < 0.9)
            y = float(rng.random() < (0.85 if treated else 0.8))
            one = aipw(treated, y, 0.9, (0.8, 0.8))
            effects.add(at(2026, 11), one, one, treated)
        _, low, high = effects.months[0].quality.interval(effects.months[0].n)
        held += low <= 0.05 <= high
    assert held >= 38


def test_old_months_are_added_to_the_oldest_kept() -> None:
    effects = MonthEffects()
    for number in range(month_effects.MOST + 3):
        effects.add(at(2020 + number // 12, number % 12 + 1), score(0.1), score(0.1), True)
    effects.add(at(2019, 1), score(0.1), score(0.1), True)

    assert len(effects.months) == month_effects.MOST
    assert sum(month.n for month in effects.months) == month_effects.MOST + 4
    assert effects.months[0].n == 5
