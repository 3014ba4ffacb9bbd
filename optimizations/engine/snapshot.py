"""What a policy keeps besides the optimizations, which are rows of their own."""

from __future__ import annotations

import msgspec

from optimizations.engine.caching.answer_cache import AnswerCache
from optimizations.engine.domain.trial_scope import Scope
from optimizations.engine.kinds.token_budget import TokenBudget
from optimizations.engine.reporting.savings_ledger import SavingsLedger
from optimizations.engine.review.exploration_budget import ExplorationSpending
from optimizations.engine.serving.policy_table import PolicyTable


class PolicySnapshot(msgspec.Struct):
    """The snapshot of a `PolicyEngine`. New fields come last and have a default."""

    table: PolicyTable
    scopes: list[Scope]
    spending: ExplorationSpending
    ledger: SavingsLedger
    cache: AnswerCache
    measured: TokenBudget
    outcomes: int
    reviewed: int
    now: float
    units: list[str] = msgspec.field(default_factory=list)
