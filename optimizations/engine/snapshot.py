"""What a policy keeps besides the optimizations, which are rows of their own."""

from __future__ import annotations

import msgspec

from optimizations.engine.caching.answer_cache import AnswerCache
from optimizations.engine.domain.trial_scope import Scope
from optimizations.engine.kinds import KINDS
from optimizations.engine.kinds.token_budget import TokenBudget
from optimizations.engine.reporting.savings_ledger import SavingsLedger
from optimizations.engine.review.exploration_budget import ExplorationSpending
from optimizations.engine.serving.policy_table import PolicyTable


class PolicySnapshot(msgspec.Struct):
    """The saved state of a `PolicyEngine`, stored as msgpack under these field names.

    New fields come last and have a default, so that older snapshots still load.
    """

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

    def to_bytes(self) -> bytes:
        return msgspec.msgpack.encode(self)

    @classmethod
    def from_bytes(cls, data: bytes) -> PolicySnapshot:
        """Decodes a snapshot; each scope's notes become the type that their kind declares."""
        found = msgspec.msgpack.decode(data, type=cls)
        for scope in found.scopes:
            if scope.notes is not None:
                scope.notes = msgspec.convert(scope.notes, KINDS[scope.kind].notes)
        return found
