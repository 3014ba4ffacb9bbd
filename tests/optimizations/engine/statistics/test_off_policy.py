import numpy as np

from optimizations.engine.statistics.off_policy import (
    LoggedRequest,
    compare_policies,
    evaluate_policy,
)
from tests.optimizations.engine.logs import adaptive


def log(n: int, share: float, guess: float = 0.5) -> list[LoggedRequest]:
    """Arm b is right 80 % of the time, arm a 60 %; the predictions are `guess` for both."""
    rng, rows = np.random.default_rng(1), []
    for _ in range(n):
        chosen = "b" if rng.random() < share else "a"
        value = float(rng.random() < (0.8 if chosen == "b" else 0.6))
        rows.append(
            LoggedRequest(
                "p", ("a", "b"), (1 - share, share), chosen, value, {"a": guess, "b": guess}
            )
        )
    return rows


def test_the_value_of_an_untried_policy_is_found_from_the_log() -> None:
    found = evaluate_policy(log(4000, 0.2), lambda context: "b")
    assert found.low is not None
    assert found.high is not None
    assert found.low <= 0.8 <= found.high
    assert abs(found.value - 0.8) < 0.03


def test_wrong_predictions_do_not_bias_it() -> None:
    found = evaluate_policy(log(4000, 0.5, guess=0.0), lambda context: "b")
    assert abs(found.value - 0.8) < 0.03


def test_it_refuses_where_the_log_says_nothing() -> None:
    assert "could have been served" in evaluate_policy(log(500, 0.2), lambda context: "c").refused
    assert evaluate_policy([], lambda context: "b").value is None


def test_a_handful_of_requests_is_not_enough() -> None:
    assert evaluate_policy(log(100, 0.1), lambda context: "b").refused


def test_it_is_unbiased_where_the_mean_of_what_was_tried_is_not() -> None:
    found, naive, held = [], [], []
    for seed in range(40):
        log, truth = adaptive(seed)
        one = evaluate_policy(log, lambda context: "b")
        assert not one.refused
        found.append((one.value or 0.0) - truth)
        held.append((one.low or 0.0) <= truth <= (one.high or 0.0))
        naive.append(np.mean([row.value for row in log if row.chosen == "b"]) - truth)
    assert abs(np.mean(found)) <= 0.005
    assert np.mean(naive) > 0.05
    assert np.mean(held) >= 0.9


def test_the_difference_of_two_policies_is_known_better_than_their_values() -> None:
    log, _ = adaptive(1)
    gain = compare_policies(
        log, lambda context: "b" if context == "x" else "a", lambda context: "a"
    )
    assert gain.low is not None
    assert gain.high is not None
    assert gain.low <= 0.1 <= gain.high
    assert compare_policies(log, lambda context: "a", lambda context: "a").value == 0.0
