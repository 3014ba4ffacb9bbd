"""Requests a day."""

import pytest

from optimizations.engine.domain.pace import DAY, TrafficPace


def test_too_few_requests_have_no_pace() -> None:
    pace = TrafficPace()
    for second in range(100):
        pace.note(float(second + 1))

    assert pace.per_day(100.0) is None


@pytest.mark.parametrize("days", [1, 3, 30])
def test_steady_traffic_has_its_own_pace_from_the_start(days: int) -> None:
    pace = TrafficPace()
    for hour in range(1, 24 * days + 1):
        pace.note(1e9 + hour * 3600.0)

    assert pace.per_day(1e9 + days * DAY) == pytest.approx(24, rel=0.1)


def test_traffic_that_ended_fades() -> None:
    pace = TrafficPace()
    for hour in range(1, 24 * 30):
        pace.note(hour * 3600.0)

    assert (pace.per_day(60 * DAY) or 0) < 1


def test_a_late_outcome_does_not_turn_time_back() -> None:
    pace = TrafficPace()
    for hour in [*range(100, 200), 1]:
        pace.note(hour * 3600.0)

    assert pace.last == 199 * 3600.0
