from __future__ import annotations

import pytest

from featurememory.errors import FeatureMemoryError
from integration.breaker import CircuitBreaker


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def breaker(clock: Clock | None = None) -> CircuitBreaker:
    return CircuitBreaker(0.5, minimum_requests=4, cooldown=10, clock=clock or Clock())


def tripped(clock: Clock) -> CircuitBreaker:
    made = breaker(clock)
    for _ in range(4):
        made.record(False)
    return made


def test_it_stays_closed_below_the_minimum_of_requests() -> None:
    made = breaker()
    for _ in range(3):
        made.record(False)

    assert made.state == "closed"


def test_it_stays_closed_below_the_threshold() -> None:
    made = breaker()
    for success in (True, True, True, False, False):
        made.record(success)

    assert made.state == "closed"


def test_it_opens_at_the_threshold_and_refuses() -> None:
    made = breaker()
    for success in (True, True, False, False):
        made.record(success)

    assert made.state == "open"
    with pytest.raises(FeatureMemoryError, match="failed too often"):
        made.check("m")


def test_after_the_cooldown_one_probe_is_let_through() -> None:
    clock = Clock()
    made = tripped(clock)
    clock.now = 10

    assert made.state == "half_open"
    assert [made.admit(), made.admit()] == [True, False]


@pytest.mark.parametrize(("success", "state"), [(True, "closed"), (False, "open")])
def test_the_probe_decides(success: bool, state: str) -> None:
    clock = Clock()
    made = tripped(clock)
    clock.now = 10
    made.admit()
    made.record(success)

    assert made.state == state


def test_a_probe_that_was_given_up_makes_room_for_another() -> None:
    clock = Clock()
    made = tripped(clock)
    clock.now = 10
    made.admit()
    made.forget_probe()

    assert made.admit()


def test_late_calls_from_before_do_not_keep_it_open() -> None:
    clock = Clock()
    made = tripped(clock)
    clock.now = 9
    made.record(False)
    clock.now = 10

    assert made.state == "half_open"


@pytest.mark.parametrize(("threshold", "minimum"), [(0.0, 1), (1.1, 1), (0.5, 0)])
def test_nonsense_is_refused(threshold: float, minimum: int) -> None:
    with pytest.raises(ValueError, match="failure_threshold"):
        CircuitBreaker(threshold, minimum)
