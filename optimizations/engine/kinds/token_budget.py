"""Token budgets: a limit that follows from measured lengths.

It needs no trial to know its effect: the limit is the length that 1 − q of the answers of its group
exceed, see `statistics.censored_lengths`. What is cut off is counted, and steers the aim of all
groups of a model. A holdout is never limited; bets on the share that was cut off close the limit
when it is above 1 − q.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import msgspec

from optimizations.engine.domain.assignment import assign_position
from optimizations.engine.domain.lifecycle import Status, Transition
from optimizations.engine.domain.optimization import OptimizationState
from optimizations.engine.domain.optimization_ids import optimization_id
from optimizations.engine.domain.outcome import Outcome
from optimizations.engine.domain.params import Cards
from optimizations.engine.domain.settings import ModelCard, PolicySettings
from optimizations.engine.domain.task import CONTROL, Applied, Draw, Json, Request, Task
from optimizations.engine.kinds.token_limits import FIRST, TokenLimits, list_groups
from optimizations.engine.statistics.error_rate import ErrorRate

HELD_OUT = 0.02  # the least that the ledger can weigh: it shows what is saved, limits need none
LIMITS = ("max_tokens", "max_output_tokens", "max_completion_tokens")


class TokenBudget(msgspec.Struct):
    """`max_tokens` from the measured lengths of answers, for models that declare its range."""

    tokens: TokenLimits = msgspec.field(default_factory=lambda: TokenLimits("token_budget"))

    # ---- deciding ----

    def limit_tokens(
        self, request: Request, task: Task, card: ModelCard | None, salt: bytes
    ) -> tuple[Task, Applied, Draw] | None:
        """The task with a smaller budget, or as it is in the holdout."""
        name, least, most = declared_limit(task, card)
        groups = list_groups(task, request.pattern_id or "")
        found = self.tokens.find_limit(groups) if groups[0] in self.tokens.open else None
        if not name or found is None:
            return None
        budget = int(max(least, math.floor(found) + 1))  # so that only longer ones reach it
        if budget >= (as_number(task.parameters.get(name)) or most):
            return None
        treated, applied, draw = self._draw("token_budget", groups[0], request, salt)
        applied = msgspec.structs.replace(applied, params={name: budget} if treated else {})
        changed = {**task.parameters, name: budget} if treated else task.parameters
        return msgspec.structs.replace(task, parameters=changed), applied, draw

    def _draw(
        self, kind: str, root: str, request: Request, salt: bytes
    ) -> tuple[bool, Applied, Draw]:
        identifier = budget_id(kind, root)
        unit = request.unit or request.id
        treated = assign_position(salt, kind, root, unit) >= HELD_OUT
        shares = (HELD_OUT, 1 - HELD_OUT)
        draw = Draw(kind, root, (CONTROL, identifier), shares, identifier if treated else "")
        return treated, Applied(identifier, kind, "treatment" if treated else "holdout"), draw

    # ---- learning ----

    def learn(self, outcome: Outcome, pattern: str) -> None:
        """Learns the length of one answer, or that it reached its limit, ours or the caller's."""
        length = outcome.output_tokens
        if length is None:
            return
        budget = given_budget(outcome)
        own = [v for name in LIMITS if (v := as_number(outcome.task.parameters.get(name)))]
        limit = min([*own, *([budget] if budget else [])], default=math.inf)
        cut = length >= limit
        if outcome.error is not None and not cut:
            return  # it failed before its end: its full length is unknown
        task = msgspec.structs.replace(outcome.task, model_id=outcome.model_id)
        groups = list_groups(task, pattern)
        self.tokens.learn(groups, length, cut)
        if budget:
            self.tokens.count_cut(groups[0], cut)

    # ---- reviewing ----

    def review(
        self,
        states: dict[str, OptimizationState],
        settings: PolicySettings,
        now: float,
        cards: Cards,
    ) -> tuple[list[OptimizationState], list[Transition]]:
        """Recomputes the limits; returns the states that changed, and the steps they took."""
        q = settings.budget_quantile
        self.tokens.update_limits(q)
        changed: list[OptimizationState] = []
        steps: list[Transition] = []
        if self.tokens.kind not in settings.kinds:
            return changed, steps
        for root, values in list(self.tokens.values.items()):
            task_type, _, model = root.partition("\x1f")
            declared = declared_limit(Task(model, None, task_type), cards.get(model))[0]
            if declared and root.count("\x1f") == 1 and values.seen >= FIRST:
                state = states.get(budget_id(self.tokens.kind, root))
                state = state or propose_budget(self.tokens.kind, root, now)
                rate = self.tokens.cut.setdefault(root, ErrorRate())
                if state.blocked or state.status in ("suspended", "retired", "rejected"):
                    self.tokens.close(root)
                    continue
                steps += self._review_one(root, rate, 1 - q, state, settings, now)
                changed.append(state)
        return changed, steps

    def _review_one(
        self,
        root: str,
        rate: ErrorRate,
        bound: float,
        state: OptimizationState,
        settings: PolicySettings,
        now: float,
    ) -> list[Transition]:
        """Opens a new limit, closes one that cuts off too much; `bound` is the share allowed."""
        state.n_treated, state.e_harm = rate.n, rate.above(2 * bound)
        state.guards = {"cut_off": [rate.n, rate.wrong], "bound": bound}
        if state.status == "candidate":
            self.tokens.open.append(root)
            text = f"At most {bound:.1%} of the answers are expected to exceed the limit."
            step = take_step(state, "active", "measured", text, now)
            state.effectiveness = 0.75
            return [step]
        if state.e_harm >= settings.activate_at and not state.pinned:
            self.tokens.close(root)
            text = f"{rate.wrong} of {rate.n} answers were cut off, more than allowed."
            return [take_step(state, "suspended", "harm", text, now)]
        return []


def declared_limit(task: Task, card: ModelCard | None) -> tuple[str, float, float]:
    """Name, least and most of the declared budget parameter; "" where none is declared."""
    for name in LIMITS:
        span = card.tunable.get(name) if card else None
        if isinstance(span, dict) and isinstance(span.get("max"), int | float):
            return name, float(span.get("min") or 1), float(span["max"])
    return "", 0.0, 0.0


def as_number(value: Json) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def given_budget(outcome: Outcome) -> float | None:
    """The budget that was given, or None where none was."""
    applied = outcome.decision.applied if outcome.decision else ()
    given = (a.params for a in applied if a.type == "token_budget" and a.arm == "treatment")
    params: Mapping[str, Json] = next(given, {})
    return next((as_number(v) for v in params.values()), None)


def budget_id(kind: str, root: str) -> str:
    task_type, _, model = root.partition("\x1f")
    return optimization_id((kind, task_type, model), {}, "")


def propose_budget(kind: str, root: str, now: float) -> OptimizationState:
    task_type, _, model = root.partition("\x1f")
    return OptimizationState(
        id=budget_id(kind, root),
        kind=kind,
        task_type=task_type,
        base=model,
        params={},
        created_at=now,
        changed_at=now,
        last_used=now,
        holdout=HELD_OUT,
        summary="Limit tokens to what answers need",
    )


def take_step(
    state: OptimizationState, target: Status, reason: str, text: str, now: float
) -> Transition:
    evidence: dict[str, Json] = {"e_harm": min(1e12, state.e_harm), "n_treated": state.n_treated}
    return state.go(target, reason, text, now, evidence)
