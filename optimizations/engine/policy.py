"""The policy: decides, learns from outcomes, and reviews what was learned."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from optimizations.engine.budgets import Spending
from optimizations.engine.caching import Cache
from optimizations.engine.deciding import Table, decide
from optimizations.engine.kinds import KINDS
from optimizations.engine.kinds.token_budget import TokenBudget
from optimizations.engine.learning import (
    Entry,
    cost_of,
    learn_effects,
    learn_second,
    read,
    value_of,
)
from optimizations.engine.ledger import Ledger, LedgerHour, Savings
from optimizations.engine.lifecycle import LifecycleError, Transition, Verb, check_step
from optimizations.engine.optimization import ArmStats, OptimizationState
from optimizations.engine.outcomes import Outcome
from optimizations.engine.proof import Proof
from optimizations.engine.reviewing import Reviewer
from optimizations.engine.scope import Scope, ScopeKey
from optimizations.engine.settings import ModelCard, PolicySettings
from optimizations.engine.task import CONTROL, Decision, Draw, Json, Request, Task

REVIEW_EVERY = 25  # outcomes
MOST_SCOPES = 300
MOST_UNITS = 50_000


class Changes(msgspec.Struct, frozen=True):
    """What storage has to write since the last call; `optimizations` and `hours` are upserts."""

    optimizations: tuple[OptimizationState, ...] = ()
    removed: tuple[str, ...] = ()
    transitions: tuple[Transition, ...] = ()
    hours: tuple[LedgerHour, ...] = ()


class Finding(msgspec.Struct, frozen=True):
    """Advice without automatic action, in words: what, where, and the figures behind it."""

    code: str  # nothing_to_gain | needs_more | heavy_tail | volatile_prefix
    text: str
    pattern_id: str = ""
    figures: dict[str, Json] = msgspec.field(default_factory=dict)


class _Memory(msgspec.Struct):
    """What is kept besides the optimization states."""

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
        self._entries: dict[str, Entry] = {}
        self._table = Table()
        self._scopes: dict[ScopeKey, Scope] = {}
        self._spending = Spending()
        self._ledger = Ledger()
        self._cache = Cache()
        self._measured = TokenBudget()
        self._units: dict[str, None] = {}
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

    def decide(self, request: Request) -> Decision:
        """What to do with this task. No I/O, no writes: safe in many processes at once."""
        return decide(request, self._table, self.salt, self.settings, self._cache, self._measured)

    # ---- learning ----

    def observe(self, outcome: Outcome) -> None:
        """Learns one outcome; each must be given once (the caller deduplicates)."""
        self._outcomes += 1
        self._now = max(self._now, outcome.at)
        cost = cost_of(outcome, self._table.cards)
        decision = outcome.decision
        explored = decision is not None and decision.reason in ("trial", "explore")
        self._spending.count(explored)
        if outcome.cached:
            self._ledger.note(outcome, cost, self.optimizations)
            if outcome.quality is not None:
                self._cache.complain(outcome, outcome.quality < 0.5)
            return
        self._cache.learn(outcome, self.settings)
        self._measured.learn(outcome, _pattern(outcome))
        for scope, draw in self._draws(outcome):
            scope.count(_pattern(outcome))
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
                self._learn(scope, draw, new, cost, False)
                continue
            self._mend(scope, draw, old.quality, new)
            if old.second_signal is None and draw is not None:
                reading = read(scope, new, _pattern(new), cost)
                if reading is not None and reading.second is not None:
                    learn_second(scope, draw, reading, self._entries)

    def _mend(self, scope: Scope, draw: Draw | None, before: float, new: Outcome) -> None:
        """A verdict was revised: the sums follow, bets that were settled stay settled."""
        value = self._value(draw)
        if value is None or new.quality is None:
            return
        for pattern in {"", _pattern(new)}:
            cell = scope.cell(value, pattern)
            cell.quality += new.quality - before
            cell.squares += new.quality**2 - before**2

    def _draws(self, outcome: Outcome) -> list[tuple[Scope, Draw | None]]:
        """The scopes an outcome belongs to, with the draw that was made there."""
        decision = outcome.decision
        drawn = {d.kind: d for d in decision.draws} if decision else {}
        task = outcome.task
        if decision is not None:
            task = msgspec.structs.replace(
                task, model_id=decision.model_before, parameters=decision.parameters_before
            )
        else:
            task = msgspec.structs.replace(task, model_id=outcome.model_id)
        found = []
        for kind in KINDS.values():
            draw = drawn.get(kind.name)
            base = draw.base if draw else kind.base(task, self._table.cards)
            scope = self._scope(kind.name, base, task) if base is not None else None
            if scope is not None:
                found.append((scope, draw))
            if draw is not None and draw.chosen and kind.name == "route_model":
                task = msgspec.structs.replace(task, model_id=outcome.model_id)
        return found

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
        state = self.optimizations.get(draw.chosen)
        return value_of(state.params) if state else None

    def _learn(
        self, scope: Scope, draw: Draw | None, outcome: Outcome, cost: float | None, explored: bool
    ) -> None:
        value = self._value(draw)
        reading = read(scope, outcome, _pattern(outcome), cost)
        if reading is None or value is None:
            return
        if draw is not None and self._first_of_session(scope, outcome):
            scored = learn_effects(scope, draw, reading, self._entries, self.settings)
            for entry in scored:
                self._changed[entry.state.id] = None
                treated = entry.state.id == draw.chosen
                entry.proof.note_output(outcome.output, outcome.duration, treated)
                arm = entry.state.treated if treated else entry.state.control
                _add(arm, outcome, reading.quality, cost)
                if treated:
                    entry.state.last_used = self._now
        if value == CONTROL:
            scope.note_reference(cost, outcome.duration)
            reading = read(scope, outcome, _pattern(outcome), cost) or reading
        elif explored:
            self._spending.spend(scope.key, value)
        scope.learn(value, reading.pattern, reading.quality, reading.cost, reading.time)

    def _first_of_session(self, scope: Scope, outcome: Outcome) -> bool:
        """Requests of one session share their arm: only the first one is evidence."""
        decision = outcome.decision
        if decision is None or decision.task.session_id is None:
            return True
        unit = f"{scope.kind}\x1f{scope.base}\x1f{decision.unit_digest}"
        if unit in self._units:
            return False
        self._units[unit] = None
        if len(self._units) > MOST_UNITS:
            self._units.pop(next(iter(self._units)))
        return True

    # ---- reviewing ----

    @property
    def review_due(self) -> bool:
        """Whether enough came in since the last review to make another one worth its time."""
        return self._outcomes - self._reviewed >= REVIEW_EVERY

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
        state = self.optimizations[optimization_id]
        targets = {"suspend": "suspended", "retire": "retired", "resume": "trial"}
        target: Any = targets.get(verb, state.status)
        if verb == "pin":
            state.pinned, state.blocked, target = True, False, "active"
        elif verb == "block":
            state.blocked, state.pinned = True, False
            target = "suspended" if state.status in ("active", "trial") else state.status
        elif verb in ("unpin", "unblock"):
            state.pinned = state.blocked = False
        elif state.pinned or state.blocked:
            raise LifecycleError("Unpin or unblock the optimization first.")
        if verb != "pin":
            check_step(state.status, target)
        step = Transition(
            state.id, state.status, target, "person", f"{verb} by {actor}", now, actor=actor
        )
        state.status, state.changed_at = target, now
        state.transitions.append(step)
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
        self._entries[state.id] = Entry(state, Proof.fresh())
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
        gone = set(pattern_ids)
        steps = []
        for state in self.optimizations.values():
            tied = set(state.patterns)
            if not tied or not tied <= gone or state.status in ("retired", "rejected"):
                continue
            text = "Its patterns were pruned."
            step = Transition(state.id, state.status, "retired", "pattern_gone", text, now)
            state.status, state.changed_at = "retired", now
            state.transitions.append(step)
            steps.append(step)
        self._take(steps, [])
        return steps

    def merge_patterns(self, redirects: dict[str, str]) -> None:
        """Patterns live on under other ids: {old: new}."""
        for scope in self._scopes.values():
            scope.redirect({old: new for old, new in redirects.items() if old in scope.seen})
        for state in self.optimizations.values():
            if any(p in redirects for p in state.patterns):
                state.patterns = tuple(dict.fromkeys(redirects.get(p, p) for p in state.patterns))
                self._changed[state.id] = None

    def purge_cache(self, pattern_id: str | None = None) -> int:
        """Drops cached answers at once; how many."""
        return self._cache.purge()

    # ---- reading ----

    def take_changes(self) -> Changes:
        states = []
        for identifier in self._changed:
            state = self.optimizations.get(identifier)
            entry = self._entries.get(identifier)
            if state is not None:
                state.evidence = entry.proof.to_bytes() if entry else b""
                states.append(state)
        changes = Changes(
            tuple(states), tuple(self._removed), tuple(self._steps), self._ledger.take_changes()
        )
        self._changed, self._removed, self._steps = {}, {}, []
        return changes

    def savings(self, since: float, until: float) -> Savings:
        """The ledger over [since, until) in logical seconds since the epoch."""
        return self._ledger.savings(since, until, self.optimizations)

    def findings(self) -> list[Finding]:
        """What to tell people besides the optimizations: nothing to gain, needs more, …"""
        found = []
        for key, scope in sorted(self._scopes.items()):
            mine = [s for s in self.optimizations.values() if (s.kind, s.task_type, s.base) == key]
            if mine and scope.requests >= 1000 and all(s.status == "rejected" for s in mine):
                text = f"Nothing to gain here: {len(mine)} changes were tried, none helps."
                found.append(Finding("nothing_to_gain", text, "", {"scope": list(key)}))
        for scope in self._scopes.values():
            card = self._table.cards.get(scope.model_id)
            advice = scope.notes.advice(card, self.settings) if scope.notes else None
            if advice is not None:
                figures: dict[str, Json] = {
                    "task_type": scope.task_type,
                    "model_id": scope.model_id,
                }
                found.append(Finding(advice.code, advice.text, "", figures | advice.figures))
        for state in self.optimizations.values():
            if state.status == "trial" and state.needs_more:
                text = f"Needs about {state.needs_more} more interactions."
                needs: dict[str, Json] = {"optimization_id": state.id, "more": state.needs_more}
                found.append(Finding("needs_more", text, state.pattern_id, needs))
        return found

    def policy_table(self) -> dict[str, Json]:
        """The decision table for in-process use: plain JSON, changes with `policy_version`."""
        plans = [
            {"kind": key[0], "task_type": key[1], "base": key[2], **msgspec.to_builtins(plan)}
            for key, plan in sorted(self._table.plans.items())
        ]
        return {"version": self._table.version, "plans": plans}

    def snapshot(self) -> bytes:
        """Everything but the optimization states (which are rows of their own)."""
        memory = _Memory(
            self._table,
            list(self._scopes.values()),
            self._spending,
            self._ledger,
            self._cache,
            self._measured,
            self._outcomes,
            self._reviewed,
            self._now,
            list(self._units),
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
            proof = Proof.from_bytes(state.evidence) if state.evidence else Proof.fresh()
            engine._entries[state.id] = Entry(state, proof)
        if snapshot:
            engine._remember(msgspec.msgpack.decode(snapshot, type=_Memory))
        return engine

    def _remember(self, memory: _Memory) -> None:
        self._table, self._spending, self._ledger = memory.table, memory.spending, memory.ledger
        self._cache, self._measured = memory.cache, memory.measured
        self._scopes = {scope.key: scope for scope in memory.scopes}
        for scope in memory.scopes:
            if scope.notes is not None:
                scope.notes = msgspec.convert(scope.notes, KINDS[scope.kind].notes)
        self._outcomes, self._reviewed = memory.outcomes, memory.reviewed
        self._now, self._units = memory.now, dict.fromkeys(memory.units)


def _pattern(outcome: Outcome) -> str:
    decision = outcome.decision
    return (decision.pattern_id if decision else outcome.pattern_id) or ""


def _add(arm: ArmStats, outcome: Outcome, quality: float, cost: float | None) -> None:
    arm.n += 1
    arm.judged += 1
    arm.quality += quality
    arm.quality_squares += quality * quality
    arm.errors += outcome.error is not None
    if cost is not None:
        arm.priced += 1
        arm.cost += cost
    if outcome.duration is not None:
        arm.timed += 1
        arm.duration += outcome.duration
    arm.tokens += (outcome.input_tokens or 0) + (outcome.output_tokens or 0)
    arm.output_tokens += outcome.output_tokens or 0
