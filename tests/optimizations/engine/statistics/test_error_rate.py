import numpy as np
import pytest

from optimizations.engine.statistics.error_rate import ErrorRate


@pytest.mark.parametrize("rate", [0.05, 0.1])
def test_a_rate_above_the_bound_is_seldom_called_below(rate: float) -> None:
    rng = np.random.default_rng(5)
    fooled = 0
    for _ in range(200):
        seen = ErrorRate()
        for wrong in rng.random(400) < rate:
            seen.n += 1
            seen.wrong += int(wrong)
            if seen.below(0.05) >= 20:
                fooled += 1
                break
    assert fooled <= 10
