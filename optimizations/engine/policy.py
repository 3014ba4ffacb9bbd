"""The policy: decides, learns from outcomes, and reviews what was learned."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from optimizations.engine.ledger import LedgerHour, Savings
from optimizations.engine.lifecycle import Transition, Verb
from optimizations.engine.optimization import OptimizationState
from optimizations.engine.outcomes import Outcome
from optimizations.engine.settings import ModelCard, PolicySettings
from optimizations.engine.task import Decision, Json, Request


class Changes(msgspec.Struct, frozen=True):
    """What storage has to write since the last call; `optimizations` and `hours` are upserts."""

    optimizations: tuple[OptimizationState, ...] = ()
    removed: tuple[str, ...] = ()
    transitions: tuple[Transition, ...] = ()
    hours: tuple[LedgerHour, ...] = ()


class Finding(msgspec.Struct, frozen=True):
    """Advice without automatic action, in words: what, where, and the figures behind it."""

    code: str  # nothing_to_gain | needs_more | volatile_slot | no_effect_yet
    text: str
    pattern_id: str = ""
    figures: dict[str, Json] = msgspec.field(default_factory=dict)


class PolicyEngine:
    """Pure and deterministic: the same calls in the same order give the same state anywhere.

    One writer calls `observe`, `correct`, `review` and the people's verbs; any number of
    processes call `decide` on an engine restored from the newest `snapshot`. `salt` keys the
    assignment, so that nobody outside can choose an arm.
    """

    VERSION = 1

    def __init__(self, settings: PolicySettings | None = None, salt: bytes = b"") -> None:
        self.settings = settings or PolicySettings()
        self.salt = salt
        self.policy_version = 0
        self.optimizations: dict[str, OptimizationState] = {}
        self._models: dict[str, ModelCard] = {}
        self._price_version = 0

    def configure(self, settings: PolicySettings) -> None:
        """New thresholds; they hold from the next call on."""
        self.settings = settings

    def register(self, card: ModelCard) -> None:
        """Adds or replaces a model; a change makes new candidates possible at the next review."""
        self._models[card.model_id] = card
        self._price_version += 1

    def decide(self, request: Request) -> Decision:
        """What to do with this task. No I/O, no writes: safe in many processes at once."""
        task = request.task
        return Decision(
            id=request.id,
            task=task,
            policy_version=self.policy_version,
            price_version=self._price_version,
            recognizer_version=request.recognizer_version,
            pattern_id=request.pattern_id,
            model_before=task.model_id,
            parameters_before=task.parameters,
            at=request.at,
        )

    def observe(self, outcome: Outcome) -> None:
        """Learns one outcome; each must be given once (the caller deduplicates)."""

    def correct(self, old: Outcome, new: Outcome) -> None:
        """Late or changed feedback: `old` was observed before, `new` is what is known now."""

    @property
    def review_due(self) -> bool:
        """Whether enough came in since the last review to make another one worth its time."""
        return False

    def review(self, now: float) -> list[Transition]:
        """Proposes, starts, activates, rejects, suspends, retires; `now` in logical seconds."""
        return []

    def act(self, optimization_id: str, verb: Verb, now: float, actor: str) -> Transition:
        """A person's word. KeyError: unknown id; LifecycleError: not possible now."""
        raise KeyError(optimization_id)

    def store(self, state: OptimizationState, now: float, actor: str) -> OptimizationState:
        """Takes an optimization made by hand as a candidate; ValueError for an unknown kind."""
        self.optimizations[state.id] = state
        return state

    def forget_patterns(self, pattern_ids: Iterable[str], now: float) -> list[Transition]:
        """Retires what hangs on patterns that were pruned."""
        return []

    def merge_patterns(self, redirects: dict[str, str]) -> None:
        """Patterns live on under other ids: {old: new}."""

    def purge_cache(self, pattern_id: str | None = None) -> int:
        """Drops cached answers at once; how many."""
        return 0

    def take_changes(self) -> Changes:
        return Changes()

    def savings(self, since: float, until: float) -> Savings:
        """The ledger over [since, until) in logical seconds since the epoch."""
        return Savings()

    def findings(self) -> list[Finding]:
        """What to tell people besides the optimizations: nothing to gain, needs more, …"""
        return []

    def policy_table(self) -> dict[str, Json]:
        """The decision table for in-process use: plain JSON, changes with `policy_version`."""
        return {"version": self.policy_version, "plans": []}

    def snapshot(self) -> bytes:
        """Everything but the optimization states (which are rows of their own)."""
        return b""

    @classmethod
    def restore(
        cls,
        states: Iterable[OptimizationState],
        snapshot: bytes | None,
        settings: PolicySettings | None = None,
        salt: bytes = b"",
    ) -> PolicyEngine:
        engine = cls(settings, salt)
        for state in states:
            engine.optimizations[state.id] = state
        return engine
