import numpy as np

from optimizations.engine.offpolicy import Logged, evaluate


def log(n: int, share: float, guess: float = 0.5) -> list[Logged]:
    """Arm b is right 80 % of the time, arm a 60 %; the predictions are `guess` for both."""
    rng, rows = np.random.default_rng(1), []
    for _ in range(n):
        chosen = "b" if rng.random() < share else "a"
        value = float(rng.random() < (0.8 if chosen == "b" else 0.6))
        rows.append(
            Logged("p", ("a", "b"), (1 - share, share), chosen, value, {"a": guess, "b": guess})
        )
    return rows


def test_the_value_of_an_untried_policy_is_found_from_the_log() -> None:
    found = evaluate(log(4000, 0.2), lambda context: "b")
    assert found.low is not None
    assert found.high is not None
    assert found.low <= 0.8 <= found.high
    assert abs(found.value - 0.8) < 0.03


def test_wrong_predictions_do_not_bias_it() -> None:
    found = evaluate(log(4000, 0.5, guess=0.0), lambda context: "b")
    assert abs(found.value - 0.8) < 0.03


def test_it_refuses_where_the_log_says_nothing() -> None:
    assert "could have been served" in evaluate(log(500, 0.2), lambda context: "c").refused
    assert evaluate([], lambda context: "b").value is None


def test_a_handful_of_requests_is_not_enough() -> None:
    assert evaluate(log(100, 0.1), lambda context: "b").refused
