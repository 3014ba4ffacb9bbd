"""Token budgets: a limit that follows from measured quantiles.

It needs no trial to know its effect: with the ⌈(n+1)q⌉-th smallest of n exchangeable values as
the limit, the next value is above it with probability at most 1 − q (split conformal prediction,
Vovk et al. 2005; Lei et al., JASA 113 (2018)). A holdout is never limited, so that the values stay
known; bets on the share that was cut off close the limit when it is above 1 − q.
"""

from __future__ import annotations

import math

import msgspec

from optimizations.engine.allocation import position
from optimizations.engine.error_rate import ErrorRate
from optimizations.engine.kind import Cards
from optimizations.engine.learning import optimization_id
from optimizations.engine.lifecycle import Status, Transition
from optimizations.engine.optimization import OptimizationState
from optimizations.engine.outcomes import Outcome
from optimizations.engine.settings import ModelCard, PolicySettings
from optimizations.engine.task import CONTROL, Applied, Draw, Json, Request, Task

KEPT = 2000  # last values of a group
HELD_OUT = 0.05
LIMITS = ("max_tokens", "max_output_tokens", "max_completion_tokens")
MOST_GROUPS = 2000
BEYOND = 1.1


class Values(msgspec.Struct):
    """The last values of one group; `math.inf` stands for "cut off, so above the limit"."""

    last: list[float] = msgspec.field(default_factory=list)
    seen: int = 0

    def add(self, value: float) -> None:
        self.seen += 1
        self.last.append(value)
        if len(self.last) > KEPT:
            del self.last[: KEPT // 10]

    def quantile(self, q: float) -> float | None:
        """The conformal limit, or None where n is too small for q."""
        rank = math.ceil((len(self.last) + 1) * q)
        if not 0 < rank <= len(self.last):
            return None
        found = sorted(self.last)[rank - 1]
        return found if math.isfinite(found) else self._beyond()

    def _beyond(self) -> float | None:
        """Too many were cut off to know the limit: a little above the longest that was not."""
        return BEYOND * max((v for v in self.last if math.isfinite(v)), default=math.nan) or None


class Limits(msgspec.Struct):
    """Groups are `task type \\x1f model [\\x1f pattern] [\\x1f size]`, widest first in lookups."""

    kind: str
    values: dict[str, Values] = msgspec.field(default_factory=dict)
    limit: dict[str, float] = msgspec.field(default_factory=dict)
    dirty: list[str] = msgspec.field(default_factory=list)
    cut: dict[str, ErrorRate] = msgspec.field(default_factory=dict)
    open: list[str] = msgspec.field(default_factory=list)  # "task type \x1f model"

    def learn(self, groups: list[str], value: float) -> None:
        for group in groups:
            if group not in self.values and len(self.values) >= MOST_GROUPS:
                continue
            self.values.setdefault(group, Values()).add(value)
            if group not in self.dirty:
                self.dirty.append(group)

    def settle(self, q: float, least: int) -> None:
        """Limits anew for the groups that learned something, at the quantile of their root."""
        for group in self.dirty:
            root = "\x1f".join(group.split("\x1f")[:2])
            aim = self._aim(root, q)
            found = self.values[group].quantile(aim) if self.values[group].seen >= least else None
            if found is None or not math.isfinite(found):
                self.limit.pop(group, None)
            else:
                self.limit[group] = found
        self.dirty = []

    def _aim(self, root: str, q: float) -> float:
        """Aims a little lower or higher while fewer or more are cut off than 1 − q: adaptive
        conformal inference, Gibbs & Candès, NeurIPS 2021."""
        rate = self.cut.get(root, ErrorRate())
        allowed = 1 - q
        miss = allowed - rate.wrong / max(1, rate.n)
        step = miss * rate.n / (rate.n + 300)
        return 1 - min(1.7 * allowed, max(0.5 * allowed, allowed + step))

    def find(self, groups: list[str]) -> float | None:
        """The limit of the narrowest group that has one."""
        for group in reversed(groups):
            if group in self.limit:
                return self.limit[group]
        return None

    def count(self, root: str, cut: bool) -> None:
        self.cut.setdefault(root, ErrorRate()).add(cut)


def groups_of(task: Task, pattern: str) -> list[str]:
    """From wide to narrow: task type and model, size of the input, pattern with size."""
    root = f"{task.task_type}\x1f{task.model_id}"
    size = round(math.log2(1 + len(msgspec.json.encode(task.input))))
    found = [root, f"{root}\x1f\x1f{size}"]
    return [*found, f"{root}\x1f{pattern}\x1f{size}"] if pattern else found


class TokenBudget(msgspec.Struct):
    """`max_tokens` from the measured lengths of answers, for models that declare its range."""

    tokens: Limits = msgspec.field(default_factory=lambda: Limits("token_budget"))

    # ---- deciding ----

    def limit_tokens(
        self, request: Request, task: Task, card: ModelCard | None, salt: bytes
    ) -> tuple[Task, Applied, Draw] | None:
        """The task with a smaller budget, or as it is in the holdout."""
        name, least, most = allowed_limit(task, card)
        groups = groups_of(task, request.pattern_id or "")
        found = self.tokens.find(groups) if groups[0] in self.tokens.open else None
        if not name or found is None:
            return None
        budget = int(max(least, math.ceil(found)))
        own = task.parameters.get(name)
        ceiling = own if isinstance(own, int | float) and not isinstance(own, bool) else most
        if budget >= ceiling:
            return None
        treated, applied, draw = self._draw("token_budget", groups[0], request, salt)
        applied = msgspec.structs.replace(applied, params={name: budget} if treated else {})
        changed = {**task.parameters, name: budget} if treated else task.parameters
        return msgspec.structs.replace(task, parameters=changed), applied, draw

    def _draw(
        self, kind: str, root: str, request: Request, salt: bytes
    ) -> tuple[bool, Applied, Draw]:
        identifier = measured_id(kind, root)
        unit = request.unit or request.id
        treated = position(salt, kind, root, unit) >= HELD_OUT
        shares = (HELD_OUT, 1 - HELD_OUT)
        draw = Draw(kind, root, (CONTROL, identifier), shares, identifier if treated else "")
        return treated, Applied(identifier, kind, "treatment" if treated else "holdout"), draw

    # ---- learning ----

    def learn(self, outcome: Outcome, pattern: str) -> None:
        """Takes in what one run used; durations count only where no limit was set."""
        task = msgspec.structs.replace(outcome.task, model_id=outcome.model_id)
        groups = groups_of(task, pattern)
        applied = outcome.decision.applied if outcome.decision else ()
        params = {a.type: a.params for a in applied if a.arm == "treatment"}
        if outcome.output_tokens is not None:
            budget = next(iter(params.get("token_budget", {}).values()), None)
            cut = isinstance(budget, int) and outcome.output_tokens >= budget
            self.tokens.learn(groups, math.inf if cut else outcome.output_tokens)
            if budget is not None:
                self.tokens.count(groups[0], cut)

    # ---- reviewing ----

    def review(
        self,
        states: dict[str, OptimizationState],
        settings: PolicySettings,
        now: float,
        cards: Cards,
    ) -> tuple[list[OptimizationState], list[Transition]]:
        q = settings.budget_quantile
        self.tokens.settle(q, math.ceil(2 / (1 - q)))
        changed: list[OptimizationState] = []
        steps: list[Transition] = []
        for root, values in list(self.tokens.values.items()):
            task_type, _, model = root.partition("\x1f")
            declared = allowed_limit(Task(model, None, task_type), cards.get(model))[0]
            if declared and root.count("\x1f") == 1 and values.seen >= 10 / (1 - q):
                self._review(self.tokens, root, 1 - q, states, settings, now, changed, steps)
        return changed, steps

    def _review(
        self,
        limits: Limits,
        root: str,
        bound: float,
        states: dict[str, OptimizationState],
        settings: PolicySettings,
        now: float,
        changed: list[OptimizationState],
        steps: list[Transition],
    ) -> None:
        if limits.kind not in settings.kinds:
            return
        state = states.get(measured_id(limits.kind, root)) or _proposed(limits.kind, root, now)
        rate = limits.cut.setdefault(root, ErrorRate())
        if state.blocked or state.status in ("suspended", "retired", "rejected"):
            limits.open = [name for name in limits.open if name != root]
            return
        state.n_treated, state.e_harm = rate.n, rate.above(2 * bound)
        state.guards = {"cut_off": [rate.n, rate.wrong], "bound": bound}
        if state.status == "candidate":
            text = f"The next is above the limit with at most {bound:.1%}."
            steps.append(_step(state, "active", "measured", text, now))
            limits.open.append(root)
            state.effectiveness = 0.75
        elif state.e_harm >= settings.activate_at and not state.pinned:
            text = f"{rate.wrong} of {rate.n} were cut off, more than allowed."
            steps.append(_step(state, "suspended", "harm", text, now))
            limits.open = [name for name in limits.open if name != root]
        changed.append(state)


def allowed_limit(task: Task, card: ModelCard | None) -> tuple[str, float, float]:
    """Name, least and most of the declared budget parameter; "" where none is declared."""
    for name in LIMITS:
        span = card.tunable.get(name) if card else None
        if isinstance(span, dict) and isinstance(span.get("max"), int | float):
            return name, float(span.get("min") or 1), float(span["max"])
    return "", 0.0, 0.0


def measured_id(kind: str, root: str) -> str:
    task_type, _, model = root.partition("\x1f")
    return optimization_id((kind, task_type, model), {}, "")


def _proposed(kind: str, root: str, now: float) -> OptimizationState:
    task_type, _, model = root.partition("\x1f")
    return OptimizationState(
        id=measured_id(kind, root),
        kind=kind,
        task_type=task_type,
        base=model,
        params={},
        created_at=now,
        changed_at=now,
        last_used=now,
        holdout=HELD_OUT,
        summary="Ask for no more tokens than answers need",
    )


def _step(
    state: OptimizationState, target: Status, reason: str, text: str, now: float
) -> Transition:
    evidence: dict[str, Json] = {"e_harm": min(1e12, state.e_harm), "n_treated": state.n_treated}
    return state.go(target, reason, text, now, evidence)
