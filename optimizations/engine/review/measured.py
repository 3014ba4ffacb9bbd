"""The review of what is measured directly, without a trial: caches and token budgets."""

from __future__ import annotations

from optimizations.engine.caching.answer_cache import AnswerCache
from optimizations.engine.caching.cache_review import review_caches
from optimizations.engine.domain.lifecycle import Transition
from optimizations.engine.domain.optimization import OptimizationState
from optimizations.engine.domain.params import Cards
from optimizations.engine.domain.settings import PolicySettings
from optimizations.engine.kinds.token_budget import TokenBudget


def review_measured(
    cache: AnswerCache,
    budgets: TokenBudget,
    states: dict[str, OptimizationState],
    settings: PolicySettings,
    now: float,
    cards: Cards,
    touched: dict[str, None],
) -> list[Transition]:
    """Adds and changes `states` in place and notes their ids in `touched`; returns the steps."""
    found: list[Transition] = []
    for changed, steps in (
        review_caches(cache, states, settings, now),
        budgets.review(states, settings, now, cards),
    ):
        states.update({state.id: state for state in changed})
        touched.update(dict.fromkeys(state.id for state in changed))
        found += steps
    return found
