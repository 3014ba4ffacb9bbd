import numpy as np

from optimizations.engine.domain.assignment import assign_position


def test_a_position_is_the_same_everywhere_and_depends_on_the_salt() -> None:
    assert assign_position(b"s", "kind", "unit") == assign_position(b"s", "kind", "unit")
    assert assign_position(b"s", "kind", "unit") != assign_position(b"t", "kind", "unit")


def test_positions_are_spread_evenly() -> None:
    drawn = [assign_position(b"s", str(k)) for k in range(2000)]
    assert abs(np.mean(drawn) - 0.5) < 0.03
    assert 0 <= min(drawn) < 0.01 < 0.99 < max(drawn) < 1
