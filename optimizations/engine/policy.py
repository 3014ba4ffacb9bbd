"""The policy: decides, learns from outcomes, and reviews what was learned."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from optimizations.engine.caching.answer_cache import AnswerCache
from optimizations.engine.domain.lifecycle import Transition, Verb
from optimizations.engine.domain.optimization import OptimizationState
from optimizations.engine.domain.optimization_ids import value_of
from optimizations.engine.domain.outcome import Outcome
from optimizations.engine.domain.settings import ModelCard, PolicySettings
from optimizations.engine.domain.task import CONTROL, Draw, Json, Request, Task, TaskDecision
from optimizations.engine.domain.trial_scope import Scope, ScopeKey
from optimizations.engine.kinds import KINDS
from optimizations.engine.kinds.token_budget import TokenBudget
from optimizations.engine.manual_control import obey
from optimizations.engine.pattern_links import rebind, retire_pruned
from optimizations.engine.reporting.advice import Finding, find
from optimizations.engine.reporting.savings_ledger import Savings, SavingsHour, SavingsLedger
from optimizations.engine.review.exploration_budget import ExplorationSpending
from optimizations.engine.review.judge import worried
from optimizations.engine.review.reviewer import Reviewer
from optimizations.engine.serving.decide import decide
from optimizations.engine.serving.policy_table import PolicyTable
from optimizations.engine.snapshot import PolicySnapshot
from optimizations.engine.trials.scoring import cost_of, learn_effects, learn_second, read, trace
from optimizations.engine.trials.sessions import Sessions
from optimizations.engine.trials.trial import Trial
from optimizations.engine.trials.trial_tests import TrialTests

__all__ = ["Finding", "PolicyChanges", "PolicyEngine"]

REVIEW_EVERY, REVIEW_SOON = 25, 5  # outcomes; while something active may harm
MOST_SCOPES = 300


class PolicyChanges(msgspec.Struct, frozen=True):
    """What storage has to write since the last call; `optimizations` and `hours` are upserts."""

    optimizations: tuple[OptimizationState, ...] = ()
    removed: tuple[str, ...] = ()
    transitions: tuple[Transition, ...] = ()
    hours: tuple[SavingsHour, ...] = ()


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
        self.optimizations: dict[str, OptimizationState] = {}
        self._entries: dict[str, Trial] = {}
        self._table = PolicyTable()
        self._scopes: dict[ScopeKey, Scope] = {}
        self._spending = ExplorationSpending()
        self._ledger = SavingsLedger()
        self._cache = AnswerCache()
        self._measured = TokenBudget()
        self._sessions = Sessions()
        self._outcomes = self._reviewed = 0
        self._now = 0.0
        self._changed: dict[str, None] = {}
        self._removed: dict[str, None] = {}
        self._steps: list[Transition] = []

    @property
    def policy_version(self) -> int:
        return self._table.version

    def configure(self, settings: PolicySettings) -> None:
        """New thresholds; they hold from the next call on."""
        self.settings = settings

    def register(self, card: ModelCard) -> None:
        """Adds or replaces a model; a change makes new candidates possible at the next review."""
        if self._table.cards.get(card.model_id) != card:
            self._table.cards[card.model_id] = card
            self._table.price_version += 1

    def decide(self, request: Request) -> TaskDecision:
        """What to do with this task. No I/O, no writes: safe in many processes at once."""
        return decide(request, self._table, self.salt, self.settings, self._cache, self._measured)

    # ---- learning ----

    def observe(self, outcome: Outcome) -> None:
        """Learns one outcome; each must be given once (the caller deduplicates)."""
        self._outcomes += 1
        self._now = max(self._now, outcome.at)
        cost = cost_of(outcome, self._table.cards)
        explored = outcome.explored
        self._spending.count(explored)
        if outcome.cached:
            self._ledger.note(outcome, cost, self.optimizations)
            if outcome.quality is not None:
                self._cache.complain(outcome, outcome.quality < 0.5)
            return
        self._cache.learn(outcome, self.settings)
        self._measured.learn(outcome, outcome.home)
        for scope, draw in self._draws(outcome):
            scope.count(outcome.home)
            if (notes := KINDS[scope.kind].notes) is not None:
                scope.notes = scope.notes or notes()
                scope.notes.note(outcome, draw is not None and bool(draw.chosen))
            self._learn(scope, draw, outcome, cost, explored)
        self._ledger.note(outcome, cost, self.optimizations)

    def correct(self, old: Outcome, new: Outcome) -> None:
        """Late or changed feedback: `old` was observed before, `new` is what is known now."""
        if old.quality == new.quality and old.second_signal == new.second_signal:
            return
        if new.cached:
            if new.quality is not None:
                self._cache.complain(new, new.quality < 0.5)
            return
        cost = cost_of(new, self._table.cards)
        for scope, draw in self._draws(new):
            if old.quality is None:
                self._learn(scope, draw, new, cost, new.explored)
                continue
            self._mend(scope, draw, old.quality, new)
            if old.second_signal is None and draw is not None:
                reading = read(scope, new, new.home, cost)
                if reading is not None and reading.second is not None:
                    learn_second(scope, draw, reading, self._live(scope))

    def _mend(self, scope: Scope, draw: Draw | None, before: float, new: Outcome) -> None:
        """A verdict was revised: the sums follow, bets that were settled stay settled."""
        value = self._value(draw)
        if value is None or new.quality is None:
            return
        for pattern in {"", new.home}:
            cell = scope.cell(value, pattern)
            cell.quality += new.quality - before
            cell.squares += new.quality**2 - before**2

    def _draws(self, outcome: Outcome) -> list[tuple[Scope, Draw | None]]:
        """The scopes an outcome belongs to, with the draw that was made there."""
        traced = trace(outcome, self._table.cards)
        found = [(self._scope(kind, base, task), draw) for kind, base, task, draw in traced]
        return [(scope, draw) for scope, draw in found if scope is not None]

    def _scope(self, kind: str, base: str, task: Task) -> Scope | None:
        key = (kind, task.task_type, base)
        scope = self._scopes.get(key)
        if scope is None and len(self._scopes) < MOST_SCOPES and kind in self.settings.kinds:
            scope = Scope(kind, task.task_type, base, task.model_id, dict(task.parameters))
            self._scopes[key] = scope
        return scope

    def _value(self, draw: Draw | None) -> str | None:
        """The cell key of what was served: CONTROL, a change, or None when it is gone."""
        if draw is None or not draw.chosen:
            return CONTROL
        if draw.values:
            return draw.value
        state = self.optimizations.get(draw.chosen)
        return value_of(state.params) if state else None

    def _learn(
        self, scope: Scope, draw: Draw | None, outcome: Outcome, cost: float | None, explored: bool
    ) -> None:
        value = self._value(draw)
        reading = read(scope, outcome, outcome.home, cost)
        if reading is None or value is None:
            return
        if draw is not None and self._sessions.begins(scope, outcome):
            for entry in learn_effects(scope, draw, reading, self._live(scope), self.settings):
                self._changed[entry.state.id] = None
                treated = value != CONTROL
                entry.proof.note_output(outcome.output, outcome.duration, treated)
                arm = entry.state.treated if treated else entry.state.control
                arm.note(outcome, reading.quality, cost)
                if treated:
                    entry.state.last_used = self._now
        if value == CONTROL:
            scope.note_reference(cost, outcome.duration)
            reading = read(scope, outcome, outcome.home, cost) or reading
        elif explored:
            self._spending.spend(scope.key, value)
        scope.learn(value, reading.pattern, reading.quality, reading.cost, reading.time)

    def _live(self, scope: Scope) -> list[Trial]:
        return [self._entries[name] for name in scope.live if name in self._entries]

    # ---- reviewing ----

    @property
    def review_due(self) -> bool:
        """Whether enough came in since the last review to make another one worth its time."""
        fresh = self._outcomes - self._reviewed
        return fresh >= REVIEW_EVERY or (fresh >= REVIEW_SOON and worried(self._entries.values()))

    def review(self, now: float) -> list[Transition]:
        """Proposes, starts, activates, rejects, suspends, retires; `now` in logical seconds."""
        self._now = max(self._now, now)
        self._reviewed = self._outcomes
        reviewer = Reviewer(
            self.settings, self._now, self._table, self._scopes, self._entries, self._spending
        )
        steps = reviewer.run()
        touched = list(reviewer.touched)
        for part in (self._cache, self._measured):
            changed, more = part.review(
                self.optimizations, self.settings, self._now, self._table.cards
            )
            self.optimizations |= {state.id: state for state in changed}
            steps = [*steps, *more]
            touched += [state.id for state in changed]
        self._take(steps, touched)
        self._trim()
        self._table.version += 1
        return steps

    def _take(self, steps: list[Transition], touched: Iterable[str]) -> None:
        self._steps += steps
        for identifier, entry in self._entries.items():
            self.optimizations[identifier] = entry.state
        for identifier in (*touched, *(s.optimization_id for s in steps)):
            self._changed[identifier] = None

    def _trim(self) -> None:
        """Keeps `max_optimizations`: what is over goes first, never what is proven or pinned."""
        extra = len(self.optimizations) - self.settings.max_optimizations
        if extra <= 0:
            return
        order = {"retired": 0, "rejected": 1, "candidate": 2, "trial": 3, "suspended": 3}
        loose = [
            s
            for s in self.optimizations.values()
            if s.status != "active" and not s.pinned and not s.blocked
        ]
        loose.sort(key=lambda s: (order.get(s.status, 4), s.lift[1] * s.n_treated, s.id))
        for state in loose[:extra]:
            self._remove(state.id)

    def _remove(self, identifier: str) -> None:
        self.optimizations.pop(identifier, None)
        self._entries.pop(identifier, None)
        self._changed.pop(identifier, None)
        self._removed[identifier] = None

    # ---- people ----

    def act(self, optimization_id: str, verb: Verb, now: float, actor: str) -> Transition:
        """A person's word. KeyError: unknown id; LifecycleError: not possible now."""
        step = obey(self.optimizations[optimization_id], verb, now, actor)
        self._take([step], [])
        return step

    def store(self, state: OptimizationState, now: float, actor: str) -> OptimizationState:
        """Takes an optimization made by hand as a candidate; ValueError for an unknown kind."""
        if state.kind not in self.settings.kinds or state.kind not in KINDS:
            raise ValueError(f"{state.kind} cannot be stored by hand: it proposes itself.")
        try:
            state.summary = state.summary or KINDS[state.kind].describe(state.params)
        except (KeyError, TypeError, AttributeError):
            raise ValueError(f"{state.kind} needs other params than these.") from None
        self._root(state)
        state.by_hand, state.created_at, state.changed_at = True, now, now
        if state.pattern_id and not state.patterns:
            state.patterns = (state.pattern_id,)
        self._entries[state.id] = Trial(state, TrialTests.fresh())
        self.optimizations[state.id] = state
        self._changed[state.id] = None
        return state

    def _root(self, state: OptimizationState) -> None:
        """Gives it the scope it competes in, known or new. `base` may be a model, or "" where one
        is known already."""
        own = [
            scope
            for scope in self._scopes.values()
            if (scope.kind, scope.task_type) == (state.kind, state.task_type)
            and (not state.base or state.base in (scope.base, scope.model_id))
        ]
        if own:
            state.base = max(own, key=lambda scope: scope.requests).base
            return
        task = Task(state.base, None, state.task_type)
        base = KINDS[state.kind].base(task, self._table.cards) if state.base else None
        if not base:
            raise ValueError("Name the model_id it departs from, with what it may be tuned to.")
        state.base = base
        self._scope(state.kind, base, task)

    def forget_patterns(self, pattern_ids: Iterable[str], now: float) -> list[Transition]:
        """Retires what hangs on patterns that were pruned."""
        steps = retire_pruned(self.optimizations.values(), set(pattern_ids), now)
        self._take(steps, [])
        return steps

    def merge_patterns(self, redirects: dict[str, str]) -> None:
        """Patterns live on under other ids: {old: new}."""
        for scope in self._scopes.values():
            scope.redirect({old: new for old, new in redirects.items() if old in scope.seen})
        self._take([], rebind(self.optimizations.values(), redirects))

    def purge_cache(self, pattern_id: str | None = None) -> int:
        """Drops cached answers at once; how many."""
        return self._cache.purge()

    # ---- reading ----

    def take_changes(self) -> PolicyChanges:
        states = []
        for identifier in self._changed:
            state = self.optimizations.get(identifier)
            entry = self._entries.get(identifier)
            if state is not None:
                state.evidence = entry.proof.to_bytes() if entry else b""
                states.append(state)
        changes = PolicyChanges(
            tuple(states), tuple(self._removed), tuple(self._steps), self._ledger.take_changes()
        )
        self._changed, self._removed, self._steps = {}, {}, []
        return changes

    def savings(self, since: float, until: float) -> Savings:
        """The ledger over [since, until) in logical seconds since the epoch."""
        return self._ledger.savings(since, until, self.optimizations)

    def findings(self) -> list[Finding]:
        """What to tell people besides the optimizations: nothing to gain, needs more, …"""
        states = self.optimizations.values()
        return find(self._scopes, states, self._table.cards, self.settings)

    def policy_table(self) -> dict[str, Json]:
        """The decision table for in-process use: plain JSON, changes with `policy_version`."""
        plans = [
            {"kind": key[0], "task_type": key[1], "base": key[2], **msgspec.to_builtins(plan)}
            for key, plan in sorted(self._table.plans.items())
        ]
        return {"version": self._table.version, "plans": plans}

    def snapshot(self) -> bytes:
        """Everything but the optimization states (which are rows of their own)."""
        memory = PolicySnapshot(
            self._table,
            list(self._scopes.values()),
            self._spending,
            self._ledger,
            self._cache,
            self._measured,
            self._outcomes,
            self._reviewed,
            self._now,
            self._sessions.units(),
        )
        return msgspec.msgpack.encode(memory)

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
            if state.kind not in KINDS:
                continue
            proof = TrialTests.from_bytes(state.evidence) if state.evidence else TrialTests.fresh()
            engine._entries[state.id] = Trial(state, proof)
        if snapshot:
            engine._remember(msgspec.msgpack.decode(snapshot, type=PolicySnapshot))
        return engine

    def _remember(self, memory: PolicySnapshot) -> None:
        self._table, self._spending, self._ledger = memory.table, memory.spending, memory.ledger
        self._cache, self._measured = memory.cache, memory.measured
        self._scopes = {scope.key: scope for scope in memory.scopes}
        for scope in memory.scopes:
            if scope.notes is not None:
                scope.notes = msgspec.convert(scope.notes, KINDS[scope.kind].notes)
        self._outcomes, self._reviewed = memory.outcomes, memory.reviewed
        self._now, self._sessions = memory.now, Sessions(memory.units)
