from __future__ import annotations

from typing import Any

import pytest

from optimizations.engine.domain.optimization import OptimizationState
from optimizations.summaries.power import describe_need


def state(**changes: Any) -> OptimizationState:
    given: dict[str, Any] = {
        "status": "trial",
        "needs_more": 400,
        "n_treated": 200,
        "n_control": 200,
    }
    return OptimizationState("o", "route_model", "chat", "large", {}, **given | changes)


def test_requests_and_days_at_the_present_pace_are_told() -> None:
    text = describe_need(state(changed_at=86_400.0, last_used=4 * 86_400.0))

    assert text == "About 400 more interactions are needed, 3 days at the present pace."


def test_no_days_are_told_before_there_is_a_pace() -> None:
    assert describe_need(state()) == "About 400 more interactions are needed."


@pytest.mark.parametrize("changes", [{"needs_more": None}, {"needs_more": 0}, {"status": "active"}])
def test_nothing_is_told_where_nothing_is_needed_or_known(changes: dict[str, Any]) -> None:
    assert describe_need(state(**changes)) == ""
