from optimizations.engine.domain.settings import PolicySettings
from optimizations.engine.review.exploration_budget import ExplorationSpending

KEY = ("route_model", "chat", "large")


def spent(explored: int, plain: int) -> ExplorationSpending:
    spending = ExplorationSpending()
    for _ in range(explored):
        spending.count(True)
    for _ in range(plain):
        spending.count(False)
    return spending


def test_exploration_stops_when_the_window_is_spent() -> None:
    settings = PolicySettings(window=1000)
    assert spent(0, 500).share_left(settings) > 0
    assert spent(100, 500).share_left(settings) == 0.0


def test_the_last_of_it_is_spent_slowly() -> None:
    settings = PolicySettings(window=1000)
    assert 0 < spent(95, 500).share_left(settings) * 25 <= 5


def test_what_left_the_window_counts_no_more() -> None:
    settings = PolicySettings(window=1000)
    spending = spent(100, 1500)
    spending.forget(settings.window)
    assert spending.share_left(settings) > 0


def test_a_window_that_moved_on_does_not_raise_the_share_of_all() -> None:
    settings = PolicySettings(window=1000)
    spending = spent(100, 901)
    spending.forget(settings.window)
    assert spending.share_left(settings) == 0.0


def test_losses_are_counted_by_what_served() -> None:
    spending = spent(3, 0)
    for value in ("a", "a", "b"):
        spending.spend(KEY, value)
    assert spending.estimate_lost(lambda scope, value: 0.5 if value == "a" else 0.0) == 1.0
