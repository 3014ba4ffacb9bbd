import numpy as np

from optimizations.engine.allocation import position, posterior
from optimizations.engine.scope import Scope
from optimizations.engine.task import CONTROL


def scope_with(cells: dict[tuple[str, str], tuple[int, float]]) -> Scope:
    scope = Scope("route_model", "chat", "large", "large", {})
    for (value, pattern), (n, rate) in cells.items():
        for k in range(n):
            scope.learn(value, pattern, float(k < n * rate), 1.0, 1.0)
    return scope


def effect(scope: Scope, pattern: str) -> float:
    rng = np.random.default_rng(0)
    post = posterior(scope, ["b"], {}, (0.1, 0.0), rng, ["p", "q"])
    return float(post.mean[["p", "q"].index(pattern), 0])


def test_a_position_is_the_same_everywhere_and_depends_on_the_salt() -> None:
    assert position(b"s", "kind", "unit") == position(b"s", "kind", "unit")
    assert position(b"s", "kind", "unit") != position(b"t", "kind", "unit")


def test_positions_are_spread_evenly() -> None:
    drawn = [position(b"s", str(k)) for k in range(2000)]
    assert abs(np.mean(drawn) - 0.5) < 0.03
    assert 0 <= min(drawn) < 0.01 < 0.99 < max(drawn) < 1


def test_a_pattern_nobody_tried_learns_from_the_others() -> None:
    seen = {(CONTROL, "p"): (200, 0.5), (CONTROL, "q"): (200, 0.5), ("b", "p"): (200, 0.9)}
    assert effect(scope_with(seen), "q") > 0.1


def test_patterns_that_differ_are_believed_to_differ() -> None:
    seen = {
        (CONTROL, "p"): (300, 0.5),
        (CONTROL, "q"): (300, 0.5),
        ("b", "p"): (300, 0.9),
        ("b", "q"): (300, 0.1),
    }
    scope = scope_with(seen)
    assert effect(scope, "p") > 0.25
    assert effect(scope, "q") < -0.25


def test_an_untried_change_is_neither_trusted_nor_given_up() -> None:
    rng = np.random.default_rng(0)
    scope = scope_with({(CONTROL, "p"): (100, 0.5)})
    post = posterior(scope, ["b"], {}, (0.1, 0.0), rng, ["p"])
    assert 0.1 < post.chance_good(0.05)[0, 0] < 0.9
