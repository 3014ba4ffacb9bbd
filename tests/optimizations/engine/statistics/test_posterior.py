from __future__ import annotations

import numpy as np

from optimizations.engine.domain.params import Params
from optimizations.engine.domain.task import CONTROL
from optimizations.engine.domain.trial_scope import Scope
from optimizations.engine.statistics.posterior import infer_posterior
from optimizations.engine.statistics.value_likeness import setting_likeness


def scope_with(cells: dict[tuple[str, str], tuple[int, float]]) -> Scope:
    scope = Scope("route_model", "chat", "large", "large", {})
    for (value, pattern), (n, rate) in cells.items():
        for k in range(n):
            scope.learn(value, pattern, float(k < n * rate), 1.0, 1.0)
    return scope


def effect(scope: Scope, pattern: str) -> float:
    rng = np.random.default_rng(0)
    post = infer_posterior(scope, ["b"], {}, (0.1, 0.0), rng, ["p", "q"])
    return float(post.mean[["p", "q"].index(pattern), 0])


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
    post = infer_posterior(scope, ["b"], {}, (0.1, 0.0), rng, ["p"])
    assert 0.1 < post.chance_good(0.05)[0, 0] < 0.9


def test_a_few_failures_are_no_proof_against_a_value() -> None:
    rng = np.random.default_rng(0)
    scope = scope_with({(CONTROL, "p"): (300, 0.95), ("b", "p"): (8, 0.75)})
    post = infer_posterior(scope, ["b"], {"b": 0.1}, (0.1, 0.0), rng, ["p"])
    assert post.chance_good(0.05)[0, 0] > 0.035


def test_settings_with_equal_levels_are_alike() -> None:
    own: Params = {"a": 1, "b": 1}
    others: list[Params] = [{"a": 1, "b": 2}, {"a": 2, "b": 2}, {"a": 4, "b": 1}]
    alike = setting_likeness(own, others)
    assert alike[0, 1] > alike[0, 2]


def test_a_setting_nobody_tried_learns_from_its_neighbours() -> None:
    scope = scope_with({(CONTROL, "p"): (200, 0.5), ("b", "p"): (200, 0.9)})
    near: Params = {"a": 3, "b": 9}
    far: Params = {"a": 1, "b": 2}
    alike = setting_likeness({"a": 1, "b": 1}, [{"a": 4, "b": 9}, near, far])
    rng = np.random.default_rng(0)
    post = infer_posterior(scope, ["b", "near", "far"], {}, (0.1, 0.0), rng, ["p"], alike)
    assert post.mean[0, 1] > post.mean[0, 2] > 0


def test_values_that_were_bad_make_the_untried_ones_doubtful() -> None:
    seen = {(CONTROL, "p"): (300, 0.8)} | {(v, "p"): (40, 0.4) for v in ("b", "c", "d")}
    rng = np.random.default_rng(0)
    post = infer_posterior(scope_with(seen), ["b", "c", "d", "e"], {}, (0.1, 0.0), rng, ["p"])
    assert post.mean[0, 3] < -0.1
