"""Which arm a call belongs to, and how much it counts, when calls with memory are compared with the holdout.

A held-out call stands for the changed ones that were drawn beside it: its weight is e/(1 − e), e the
chance of a change. So both sides are about the same work, however unequal the shares of their tasks are.
"""

from __future__ import annotations

from optimizations.engine.domain.outcome import Outcome
from optimizations.engine.reporting.savings_ledger import arm_shares

MEMORY, HOLDOUT = "memory", "holdout"
MOST_ODDS = 49.0  # a chance of 98 %


def weigh_arm(outcome: Outcome) -> tuple[str, float] | None:
    """Arm and weight; None where nothing was left to chance."""
    draws = (
        [draw for draw in outcome.decision.draws if len(draw.arms) > 1] if outcome.decision else []
    )
    chance = min(0.98, sum(arm_shares(draws).values()))
    if not draws or chance <= 0:
        return None
    if outcome.cached or any(draw.chosen for draw in draws):
        return MEMORY, 1.0
    return HOLDOUT, min(MOST_ODDS, chance / (1 - chance))
