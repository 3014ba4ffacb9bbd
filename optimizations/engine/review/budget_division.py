"""How the project's exploration budget is divided among its scopes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from optimizations.engine.domain.settings import PolicySettings
from optimizations.engine.domain.task import CONTROL
from optimizations.engine.domain.trial_scope import Scope, ScopeKey
from optimizations.engine.review.exploration_budget import ExplorationBudget, ExplorationSpending
from optimizations.engine.review.scope_view import ScopeView

# Share of the quality budget that exploration may use up: while nothing promises a gain, and when it
# is certain that what is on trial is worth more than it costs.
TRIAL_RESERVE, PROMISING = 0.3, 0.7
LOSS_AHEAD = 1000.0  # requests over which what is left of the quality budget is spread


def divide_budget(
    views: list[ScopeView],
    spending: ExplorationSpending,
    settings: PolicySettings,
    scopes: dict[ScopeKey, Scope],
) -> list[ExplorationBudget]:
    """One budget a view, in their order; kinds that explore share it equally."""
    share = spending.share_left(settings)
    kinds = max(1, len({view.scope.kind for view in views if view.exploring}))
    spent = spending.estimate_lost(estimate_losses(views, scopes))
    allowed = settings.quality_budget * settings.window
    left = [max(0.0, allowed * quality_reserve(view) - spent) for view in views]
    return [ExplorationBudget(share / kinds, loss / LOSS_AHEAD / kinds) for loss in left]


def quality_reserve(view: ScopeView) -> float:
    """The part of the quality budget a scope may explore with, by what its trial promises.

    Of several values the best looks better than it is: no more for its promise.
    """
    if len(view.values.keys) > 1:
        return TRIAL_RESERVE
    rows = np.flatnonzero(view.picks >= 0)
    worth = view.post.worth(0.0)[:, rows, view.picks[rows]] @ view.traffic[rows]
    sure = max(0.0, 2 * float((worth > 0).mean()) - 1) if len(rows) else 0.0
    return TRIAL_RESERVE + (PROMISING - TRIAL_RESERVE) * sure


def estimate_losses(
    views: list[ScopeView], scopes: dict[ScopeKey, Scope]
) -> Callable[[ScopeKey, str], float]:
    """The believed loss of quality (0 to 1) of one request, by scope and value."""
    known = {
        (view.scope.key, key): believed_loss(view, column, key)
        for view in views
        for column, key in enumerate(view.values.keys)
    }

    def loss_of(scope: ScopeKey, value: str) -> float:
        found = known.get((scope, value))
        if found is not None or scope not in scopes:
            return found or 0.0
        cell = scopes[scope].cells.get(value, {}).get("")
        return max(0.0, scopes[scope].mean(CONTROL, "")[0] - cell.mean) if cell else 0.0

    return loss_of


def believed_loss(view: ScopeView, column: int, key: str) -> float:
    """Believed loss of one request, weighed by where the value was served."""
    cells = view.scope.cells.get(key, {})
    served = np.array([cells[p].n if p in cells else 0.0 for p in view.patterns] + [0.1])
    lost = np.maximum(0.0, -view.post.mean[:, column])
    return float((served * lost).sum() / served.sum())
