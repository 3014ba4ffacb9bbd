"""What a policy keeps besides the optimizations, and how it is saved."""

from __future__ import annotations

import msgspec

from optimizations.engine.caching.answer_cache import AnswerCache
from optimizations.engine.domain.trial_scope import Scope, ScopeKey
from optimizations.engine.health.arm_sessions import ArmMemory
from optimizations.engine.health.missing_outcomes import OutcomeWait
from optimizations.engine.kinds import KINDS
from optimizations.engine.kinds.token_budget import TokenBudget
from optimizations.engine.reporting.savings_ledger import SavingsLedger
from optimizations.engine.review.exploration_budget import ExplorationSpending
from optimizations.engine.serving.policy_table import PolicyTable
from optimizations.engine.trials.sessions import Sessions


class PolicySnapshot(msgspec.Struct):
    """A `PolicyMemory` as it is stored: msgpack under these field names.

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
    arms: dict[str, int] = msgspec.field(default_factory=dict)
    wait: OutcomeWait = msgspec.field(default_factory=OutcomeWait)


class PolicyMemory:
    """Everything a policy has learned, but for the optimizations, which are rows of their own.

    `outcomes` counts those observed, `reviewed` those before the last review; `now` is logical
    time in seconds since the epoch.
    """

    def __init__(self) -> None:
        self.table = PolicyTable()
        self.scopes: dict[ScopeKey, Scope] = {}
        self.spending = ExplorationSpending()
        self.ledger = SavingsLedger()
        self.cache = AnswerCache()
        self.budgets = TokenBudget()
        self.sessions = Sessions()
        self.arms = ArmMemory()
        self.wait = OutcomeWait()
        self.outcomes = self.reviewed = 0
        self.now = 0.0

    def to_bytes(self) -> bytes:
        saved = PolicySnapshot(
            self.table,
            list(self.scopes.values()),
            self.spending,
            self.ledger,
            self.cache,
            self.budgets,
            self.outcomes,
            self.reviewed,
            self.now,
            self.sessions.units(),
            self.arms.list_seen(),
            self.wait,
        )
        return msgspec.msgpack.encode(saved)

    @classmethod
    def from_bytes(cls, data: bytes) -> PolicyMemory:
        saved = msgspec.msgpack.decode(data, type=PolicySnapshot)
        memory = cls()
        memory.table, memory.spending, memory.ledger = saved.table, saved.spending, saved.ledger
        memory.cache, memory.budgets = saved.cache, saved.measured
        memory.scopes = {scope.key: type_notes(scope) for scope in saved.scopes}
        memory.outcomes, memory.reviewed = saved.outcomes, saved.reviewed
        memory.now, memory.sessions = saved.now, Sessions(saved.units)
        memory.arms, memory.wait = ArmMemory(saved.arms), saved.wait
        return memory


def type_notes(scope: Scope) -> Scope:
    """Converts the decoded notes of a scope to the type that its kind declares."""
    if scope.notes is not None:
        scope.notes = msgspec.convert(scope.notes, KINDS[scope.kind].notes)
    return scope
