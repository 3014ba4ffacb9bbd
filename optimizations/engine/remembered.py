"""What a policy keeps besides the optimizations, which are rows of their own."""

from __future__ import annotations

import msgspec

from optimizations.engine.budgets import Spending
from optimizations.engine.caching import Cache
from optimizations.engine.deciding import Table
from optimizations.engine.kinds.token_budget import TokenBudget
from optimizations.engine.ledger import Ledger
from optimizations.engine.scope import Scope


class Remembered(msgspec.Struct):
    """The snapshot of a `PolicyEngine`. New fields come last and have a default."""

    table: Table
    scopes: list[Scope]
    spending: Spending
    ledger: Ledger
    cache: Cache
    measured: TokenBudget
    outcomes: int
    reviewed: int
    now: float
    units: list[str] = msgspec.field(default_factory=list)
