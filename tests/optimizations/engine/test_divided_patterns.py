"""What is known of a pattern goes on with its parts."""

from __future__ import annotations

from optimizations.engine.domain.optimization import OptimizationState
from optimizations.engine.domain.task import Task
from optimizations.engine.domain.trial_scope import Scope
from optimizations.engine.pattern_links import divide_pattern

SHARES = {"whole": 0.5, "a": 0.3, "b": 0.2}


def make_scope() -> Scope:
    scope = Scope("route_model", "sort", "large", "large", {})
    for _ in range(10):
        scope.count("whole", 0.0)
        scope.learn("small", "whole", 0.8, 0.1, 1.0)
        scope.pair("small", "whole").add(-0.1, 0.1, 1.0)
    scope.count("other", 0.0)
    return scope


def test_traffic_and_evidence_are_dealt_out_and_means_stay() -> None:
    scope = make_scope()
    scope.divide("whole", SHARES)

    assert scope.seen == {"whole": 5.0, "a": 3.0, "b": 2.0, "other": 1.0}
    assert round(scope.cells["small"]["a"].n, 6) == 3.0
    assert round(scope.cells["small"]["a"].mean, 6) == 0.8
    assert scope.cells["small"][""].n == 10
    assert round(sum(cell.n for cell in scope.pairs["small"].values()), 6) == 10.0


def test_parts_do_not_share_their_sums() -> None:
    scope = make_scope()
    scope.divide("whole", SHARES)
    scope.learn("small", "a", 0.0, 0.1, 1.0)

    assert round(scope.cells["small"]["b"].n, 6) == 2.0


def test_a_pattern_without_evidence_is_divided_as_well() -> None:
    scope = Scope("route_model", "sort", "large", Task("large", None, "sort", {}).model_id, {})
    scope.divide("whole", SHARES)

    assert not any(scope.seen.values())


def test_choices_and_limits_hold_for_the_parts() -> None:
    narrow = OptimizationState("1", "route_model", "sort", "large", {}, patterns=("whole",))
    chooser = OptimizationState("2", "route_model", "sort", "large", {}, choice={"whole": "small"})
    other = OptimizationState("3", "route_model", "sort", "large", {}, patterns=("elsewhere",))
    touched = divide_pattern([narrow, chooser, other], "whole", SHARES)

    assert touched == ["1", "2"]
    assert narrow.patterns == ("whole", "a", "b")
    assert chooser.choice == dict.fromkeys(SHARES, "small")
    assert other.patterns == ("elsewhere",)
