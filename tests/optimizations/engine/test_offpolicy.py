import numpy as np

from optimizations.engine.offpolicy import Logged, compare, evaluate, predicted


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


def adaptive(seed: int, n: int = 1500) -> tuple[list[Logged], float]:
    """Two patterns in which the new arm does differently, and a share of it that follows what was
    seen: the naive mean is biased by both. The log, and the true value of "b everywhere"."""
    rng, rows, share = np.random.default_rng(seed), [], {"x": 0.1, "y": 0.1}
    right, n_right = {"x": 0.9, "y": 0.5}, {"x": 1.0, "y": 1.0}
    for k in range(n):
        context = "x" if rng.random() < 0.5 else "y"
        chosen = "b" if rng.random() < share[context] else "a"
        value = float(rng.random() < (right[context] if chosen == "b" else 0.7))
        chances = (1 - share[context], share[context])
        rows.append(Logged(context, ("a", "b"), chances, chosen, value))
        if chosen == "b":
            n_right[context] += value - 0.5
        if k % 100 == 99:
            share = {c: 0.6 if n_right[c] > 4 else 0.1 for c in share}
    return predicted(rows), 0.7


def test_it_is_unbiased_where_the_mean_of_what_was_tried_is_not() -> None:
    found, naive, held = [], [], []
    for seed in range(40):
        log, truth = adaptive(seed)
        one = evaluate(log, lambda context: "b")
        assert not one.refused
        found.append((one.value or 0.0) - truth)
        held.append((one.low or 0.0) <= truth <= (one.high or 0.0))
        naive.append(np.mean([row.value for row in log if row.chosen == "b"]) - truth)
    assert abs(np.mean(found)) <= 0.005
    assert np.mean(naive) > 0.05
    assert np.mean(held) >= 0.9


def test_the_difference_of_two_policies_is_known_better_than_their_values() -> None:
    log, _ = adaptive(1)
    gain = compare(log, lambda context: "b" if context == "x" else "a", lambda context: "a")
    assert gain.low is not None
    assert gain.high is not None
    assert gain.low <= 0.1 <= gain.high
    assert compare(log, lambda context: "a", lambda context: "a").value == 0.0
