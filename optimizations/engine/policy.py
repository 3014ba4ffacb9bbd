"""The policy: decides what to do with a task, learns from outcomes, reviews what was learned."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from optimizations.engine.domain.evaluated_task import EvaluatedTask
from optimizations.engine.domain.lifecycle import Transition, Verb
from optimizations.engine.domain.optimization import OptimizationState
from optimizations.engine.domain.optimization_ids import value_key
from optimizations.engine.domain.outcome import Outcome
from optimizations.engine.domain.params import keep_settings
from optimizations.engine.domain.settings import ModelCard, PolicySettings
from optimizations.engine.domain.task import Json, Request, ShadowWish, Task, TaskDecision
from optimizations.engine.domain.trial_scope import Scope, ScopeKey
from optimizations.engine.health.missing_outcomes import OutcomeWait
from optimizations.engine.kinds import KINDS
from optimizations.engine.kinds.prefix_order import PrefixNotes
from optimizations.engine.manual_control import admit_optimization, obey_verb
from optimizations.engine.pattern_links import divide_pattern, redirect_patterns, retire_pruned
from optimizations.engine.pending_changes import PendingChanges, PolicyChanges
from optimizations.engine.reporting.advice import Finding, find_advice
from optimizations.engine.reporting.savings import Savings, SavingsHour
from optimizations.engine.review.eviction import states_to_evict
from optimizations.engine.review.judge import may_harm
from optimizations.engine.review.measured import review_measured
from optimizations.engine.review.reviewer import Reviewer
from optimizations.engine.serving.decide import decide
from optimizations.engine.shadows.pair_state import PairState
from optimizations.engine.snapshot import PolicyMemory
from optimizations.engine.trials.learner import TrialLearner
from optimizations.engine.trials.scoring import resolve_cost
from optimizations.engine.trials.trial import Trial

ENOUGH_TRAFFIC = 100  # requests before an evaluation set is compared: its weights follow traffic
REVIEW_EVERY, REVIEW_SOON = 25, 5  # outcomes; the second while something active may do harm


def find_wish(main: Outcome, shadow_id: str) -> ShadowWish | None:
    wished = main.decision.shadows if main.decision else ()
    return next((wish for wish in wished if wish.shadow_id == shadow_id), None)


class PolicyEngine:
    """Pure and deterministic: the same calls in the same order give the same state anywhere.

    One writer calls `observe`, `correct`, `review`, `act` and `store`; any number of processes
    call `decide` on an engine restored from the newest `snapshot`. `salt` keys the assignment to
    arms, so that nobody outside can choose one. All times are seconds since the epoch.
    """

    def __init__(self, settings: PolicySettings | None = None, salt: bytes = b"") -> None:
        self.settings = settings or PolicySettings()
        self.salt = salt
        self.optimizations: dict[str, OptimizationState] = {}
        self._trials: dict[str, Trial] = {}
        self._memory = PolicyMemory()
        self._pending = PendingChanges()

    @property
    def policy_version(self) -> int:
        return self._memory.table.version

    def configure(self, settings: PolicySettings) -> None:
        """Sets new thresholds; they hold from the next call on."""
        self.settings = settings

    def register(self, card: ModelCard) -> None:
        """Adds or replaces a model; a change makes new candidates possible at the next review."""
        self._memory.table.register(card)

    def decide(self, request: Request) -> TaskDecision:
        """What to do with this task. No I/O, no writes: safe in many processes at once."""
        memory = self._memory
        return decide(request, memory.table, self.salt, self.settings, memory.cache, memory.budgets)

    # ---- learning ----

    def observe(self, outcome: Outcome) -> None:
        """Learns one outcome; each must be given once (the caller deduplicates)."""
        memory = self._memory
        memory.outcomes += 1
        memory.now = max(memory.now, outcome.at)
        cost = resolve_cost(outcome, memory.table.cards)
        memory.spending.count(outcome.explored)
        if outcome.delay is not None:
            memory.wait.delays.add(outcome.delay, memory.wait.seconds)
        if outcome.cached:
            memory.cache.learn_feedback(outcome)
        else:
            memory.cache.learn(outcome, self.settings)
            memory.budgets.learn(outcome, outcome.home)
            self._spend(self._learner().observe(outcome, cost))
        memory.ledger.record(outcome, cost, self.optimizations)

    def correct(self, old: Outcome, new: Outcome) -> None:
        """Late or changed feedback: `old` was observed before, `new` is what is known now."""
        if old.quality == new.quality and old.second_signal == new.second_signal:
            return
        if new.cached:
            self._memory.cache.learn_feedback(new)
        else:
            cost = resolve_cost(new, self._memory.table.cards)
            self._spend(self._learner().correct(old, new, cost))

    @property
    def wait(self) -> OutcomeWait:
        """How long the outcome of a decision is waited for, and where the caller has looked until now."""
        return self._memory.wait

    def miss(self, decision: TaskDecision) -> None:
        """Learns that no outcome of a decision came in time; each must be given once."""
        self._learner().miss(decision)

    def observe_shadow(
        self,
        main: Outcome,
        shadow_id: str,
        shadow: Outcome,
        *,
        first: bool = True,
        verdict: float | None = None,
    ) -> PairState:
        """Learns what a shadow answered beside `main`, whose decision wished for it. Show a pair that
        waits again (not `first`) when more is known of it. `verdict` is what a person says: the
        shadow's quality less that of the answer served, -1 to 1."""
        wish = find_wish(main, shadow_id)
        if wish is None:
            return "unknown"
        cards, learner = self._memory.table.cards, self._learner()
        costs = resolve_cost(main, cards), resolve_cost(shadow, cards)
        if first:
            learner.meter_shadow(main, shadow, wish, costs[1])
        return learner.observe_shadow(main, shadow, wish, costs, verdict)

    def evaluate(self, tasks: Sequence[EvaluatedTask]) -> int:
        """Learns tasks of an evaluation set: evidence, never traffic. Give some dozens at a time and
        review in between, since bets are on what would be served before they were seen."""
        return self._learner().evaluate(tasks)

    def knows_scope(self, task_type: str) -> bool:
        """Whether there are alternatives to compare for this task type."""
        return any(
            scope.task_type == task_type and scope.live and scope.requests >= ENOUGH_TRAFFIC
            for scope in self._memory.scopes.values()
        )

    def share_traffic(self, task_type: str) -> dict[str, float]:
        """The share of each pattern in what was served of a task type."""
        most = self._find_largest(task_type)
        if most is None or not most.requests:
            return {}
        return {pattern: n / most.requests for pattern, n in most.seen.items()}

    def find_incumbent(self, task_type: str) -> Task | None:
        """The model and the parameters that alternatives are compared with for most of a task type."""
        most = self._find_largest(task_type)
        return most.example if most is not None else None

    def _find_largest(self, task_type: str) -> Scope | None:
        scopes = [s for s in self._memory.scopes.values() if s.task_type == task_type]
        return max(scopes, key=lambda scope: scope.requests, default=None)

    def find_owner(self, wish: ShadowWish, task_type: str) -> str:
        """The id of the optimization that a pair is evidence for; "" when there is none."""
        scope = self._memory.scopes.get((wish.kind, task_type, wish.base))
        live = [self._trials[name].state for name in scope.live] if scope else []
        chooser = next((state.id for state in live if state.adaptive), "")
        own = next((s.id for s in live if value_key(s.params) == wish.value), "")
        return chooser if wish.weight > 0 else own or chooser

    def judge_pair(
        self, main: Outcome, shadow_id: str, before: float | None, now: float | None
    ) -> None:
        """A person's verdict on a pair that is `open`; None takes it back."""
        wish = find_wish(main, shadow_id)
        if wish is not None:
            self._learner().judge_pair(main, wish, (before, now))

    def _learner(self) -> TrialLearner:
        return TrialLearner(
            self.settings,
            self._memory.table.cards,
            self.optimizations,
            self._trials,
            self._memory.scopes,
            self._memory.sessions,
            self._memory.arms,
            self._memory.wait,
            self._pending.touched,
            self._memory.now,
        )

    def _spend(self, explored: list[tuple[ScopeKey, str]]) -> None:
        for scope, value in explored:
            self._memory.spending.spend(scope, value)

    # ---- reviewing ----

    @property
    def review_due(self) -> bool:
        """Whether enough outcomes came in since the last review for another one to pay."""
        fresh = self._memory.outcomes - self._memory.reviewed
        return fresh >= REVIEW_EVERY or (fresh >= REVIEW_SOON and may_harm(self._trials.values()))

    def review(self, now: float) -> list[Transition]:
        """Proposes, starts, activates, rejects, suspends, retires; `now` in logical seconds."""
        memory = self._memory
        memory.now = max(memory.now, now)
        memory.reviewed = memory.outcomes
        reviewer = Reviewer(
            self.settings,
            memory.now,
            memory.table,
            memory.scopes,
            self._trials,
            memory.spending,
            memory.wait.seconds,
        )
        steps = reviewer.run()
        steps += review_measured(
            memory.cache,
            memory.budgets,
            self.optimizations,
            self.settings,
            memory.now,
            memory.table.cards,
            reviewer.touched,
        )
        self._record(steps, reviewer.touched)
        for identifier in states_to_evict(
            self.optimizations.values(), self.settings.max_optimizations
        ):
            self._remove(identifier)
        self._memory.table.version += 1
        return steps

    def _record(self, steps: list[Transition], touched: Iterable[str]) -> None:
        for identifier, trial in self._trials.items():
            self.optimizations[identifier] = trial.state
        self._pending.note(steps, touched)

    def _remove(self, identifier: str) -> None:
        self.optimizations.pop(identifier, None)
        self._trials.pop(identifier, None)
        self._pending.remove(identifier)

    # ---- manual control, patterns ----

    def act(
        self, optimization_id: str, verb: Verb, now: float, actor: str, why: str = ""
    ) -> Transition:
        """Obeys a person. KeyError: unknown id; LifecycleError: not possible now."""
        step = obey_verb(self.optimizations[optimization_id], verb, now, actor, why)
        self._record([step], [])
        return step

    def store(self, state: OptimizationState, now: float, actor: str) -> OptimizationState:
        """Takes an optimization made by hand as a candidate; ValueError when it cannot be one."""
        trial = admit_optimization(
            state, self._memory.scopes, self._memory.table.cards, self.settings, now
        )
        self._trials[state.id] = trial
        self.optimizations[state.id] = state
        self._pending.touched[state.id] = None
        return state

    def forget_patterns(self, pattern_ids: Iterable[str], now: float) -> list[Transition]:
        """Retires optimizations whose patterns were all pruned."""
        steps = retire_pruned(self.optimizations.values(), set(pattern_ids), now)
        self._record(steps, [])
        return steps

    def merge_patterns(self, redirects: dict[str, str]) -> None:
        """Patterns live on under other ids: {old: new}."""
        for scope in self._memory.scopes.values():
            scope.redirect({old: new for old, new in redirects.items() if old in scope.seen})
        self._record([], redirect_patterns(self.optimizations.values(), redirects))

    def divide_pattern(self, whole: str, shares: dict[str, float]) -> None:
        """A pattern lives on in parts, itself among them: {part: share of its traffic}."""
        for scope in self._memory.scopes.values():
            if whole in scope.seen:
                scope.divide(whole, shares)
        self._record([], divide_pattern(self.optimizations.values(), whole, shares))

    def purge_cache(self) -> int:
        """Drops all cached answers at once; returns how many."""
        return self._memory.cache.purge()

    def forget_texts(self) -> None:
        """Drops what was kept word for word of requests and answers; evidence stays."""
        self._memory.cache.purge()
        self._forget_requests()

    def forget_texts_before(self, moment: float) -> int:
        """Drops answers that were kept or renewed before (seconds since the epoch), and the last request
        of each task type, whose time nobody knows; how many."""
        return self._memory.cache.drop_before(moment) + self._forget_requests()

    def _forget_requests(self) -> int:
        count, cards = 0, self._memory.table.cards
        for scope in self._memory.scopes.values():
            before = scope.parameters
            scope.parameters = keep_settings(scope.example, cards)  # earlier versions kept all
            count += scope.parameters != before
            if isinstance(scope.notes, PrefixNotes) and scope.notes.last:
                scope.notes.last = ""
                count += 1
        return count

    # ---- reading ----

    def take_changes(self) -> PolicyChanges:
        """What storage has to write; the next call returns only what changed after this one."""
        hours = self._memory.ledger.take_changes()
        return self._pending.take(self.optimizations, self._trials, hours)

    @property
    def oldest_hour(self) -> int:
        """The first hour (since the epoch) of the ledger that is kept here."""
        return self._memory.ledger.oldest

    def savings(self, since: float, until: float, older: Iterable[SavingsHour] = ()) -> Savings:
        """The ledger over [since, until) in logical seconds since the epoch; `older` are stored hours
        before `oldest_hour`."""
        return self._memory.ledger.savings(since, until, older)

    def list_saved(self) -> list[SavingsHour]:
        """The hours of the ledger: what was saved in each, by which change, proven or not."""
        return list(self._memory.ledger.hours.values())

    def findings(self) -> list[Finding]:
        """Advice for people besides the optimizations: nothing to gain, needs more, …"""
        states = self.optimizations.values()
        return find_advice(self._memory.scopes, states, self._memory.table.cards, self.settings)

    def policy_table(self) -> dict[str, Json]:
        """The decision table for in-process use: plain JSON, changes with `policy_version`."""
        return self._memory.table.to_json()

    def snapshot(self) -> bytes:
        """Everything but the optimization states (which are rows of their own), as msgpack."""
        return self._memory.to_bytes()

    @classmethod
    def restore(
        cls,
        states: Iterable[OptimizationState],
        snapshot: bytes | None,
        settings: PolicySettings | None = None,
        salt: bytes = b"",
    ) -> PolicyEngine:
        """An engine that goes on where the one that wrote `states` and `snapshot` stopped."""
        engine = cls(settings, salt)
        for state in states:
            engine.optimizations[state.id] = state
            if state.kind in KINDS:
                engine._trials[state.id] = Trial.of(state)
        if snapshot:
            engine._memory = PolicyMemory.from_bytes(snapshot)
        return engine
