import numpy as np

from optimizations.engine.statistics.change_detection import FallDetector


def alarm_after(rates: list[float], seed: int) -> int | None:
    rng = np.random.default_rng(seed)
    detector = FallDetector.fresh()
    for number, rate in enumerate(rates):
        detector.update(float(rng.random() < rate), 0.9)
        if detector.value >= 150:
            return number
    return None


def test_a_deep_fall_is_noticed_within_a_hundred_requests() -> None:
    delays = [alarm_after([0.9] * 500 + [0.6] * 200, seed) for seed in range(10)]
    assert all(d is not None and d < 600 for d in delays)


def test_a_steady_rate_seldom_raises_an_alarm() -> None:
    alarms = [alarm_after([0.9] * 1500, seed) for seed in range(10)]
    assert sum(a is not None for a in alarms) <= 3


def test_after_an_alarm_that_was_no_chance_the_new_level_is_learned() -> None:
    detector = FallDetector.fresh(weight=500)
    for _ in range(60):
        detector.update(0.0, 0.9)
    assert detector.value > 1e6

    detector.reset()
    for _ in range(400):
        detector.update(0.0, 0.9)
    assert detector.value < 2


def test_after_an_alarm_that_was_chance_the_level_stays_what_it_was() -> None:
    detector = FallDetector.fresh(gap=0.05, weight=500)
    for _ in range(60):
        detector.update(1.0, 0.9)
    assert detector.value < 2

    detector.reset()
    assert detector.gap == 0.05


def test_work_that_is_harder_for_everybody_is_no_fall() -> None:
    rng, detector = np.random.default_rng(0), FallDetector.fresh(weight=500)
    for number in range(600):
        usual = 0.9 if number < 300 else 0.5  # other patterns are served from here on
        detector.update(float(rng.random() < usual), usual)
        assert detector.value < 120


def test_during_an_alarm_the_gap_stays_what_it_was() -> None:
    detector = FallDetector.fresh(weight=500)
    for _ in range(300):
        detector.update(0.0, 0.9, alarmed=True)

    assert detector.gap == 0.0
    assert detector.value > 1e6
