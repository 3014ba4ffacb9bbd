"""Answers that are served again, and the proof that they may be.

Every repeat that runs (all of them at first, 5 % for ever) tells whether the kept answer would
have been right. Serving begins when bets have ruled out that more than the bound is wrong
(1 % for exact repeats, the project's own bound for similar ones), separately for answers seen
once and answers already confirmed by a second run.
"""

from __future__ import annotations

import hashlib
import math

import msgspec

from optimizations.engine.allocation import position
from optimizations.engine.keys import LEVELS, answer_keys, momentary
from optimizations.engine.kind import Cards
from optimizations.engine.learning import optimization_id
from optimizations.engine.lifecycle import Status, Transition
from optimizations.engine.optimization import OptimizationState
from optimizations.engine.outcomes import Outcome
from optimizations.engine.settings import PolicySettings
from optimizations.engine.task import CONTROL, Applied, Draw, Json, Request, Task

AUDITED = 0.05
EXACT_BOUND = 0.01
LARGEST = 65_536  # bytes of an answer that is kept
ENOUGH, REPEATS = 200, 0.02  # requests and share of repeats before a cache is proposed
NEAR_REPEATS = 0.05
KIND = {"exact": "cache_response", "normal": "cache_similar", "content": "cache_similar"}
GROUPS, ANY = ("confirmed", "once"), "any"


class Kept(msgspec.Struct):
    """One answer. `agreed` and `differed` count later runs of the same request."""

    output: Json
    digest: str
    at: float
    agreed: int = 0
    differed: int = 0

    def group(self) -> str:
        return "confirmed" if self.agreed else "once"


class ErrorRate(msgspec.Struct):
    """Bets that an error rate is below (`low`) or above (`high`) a bound: likelihood ratios
    against it, as in Wald (1945), valid at any time by Ville's inequality."""

    n: int = 0
    wrong: int = 0

    def below(self, bound: float) -> float:
        """The e-value against "the rate is `bound` or more"."""
        return self._against(bound, (bound / 20, bound / 3))

    def above(self, bound: float) -> float:
        """The e-value against "the rate is `bound` or less"."""
        return self._against(bound, (min(0.9, 3 * bound), min(0.95, 10 * bound)))

    def _against(self, bound: float, rates: tuple[float, ...]) -> float:
        right = self.n - self.wrong
        total = 0.0
        for q in rates:
            log = self.wrong * math.log(q / bound) + right * math.log((1 - q) / (1 - bound))
            total += math.exp(min(500.0, log))
        return total / len(rates)


def _count(rates: dict[str, ErrorRate], name: str, wrong: bool) -> None:
    rate = rates.setdefault(name, ErrorRate())
    rate.n += 1
    rate.wrong += wrong


class Ground(msgspec.Struct):
    """What was seen of one task type: requests, repeats per level, error rates per group."""

    requests: int = 0
    repeats: dict[str, int] = msgspec.field(default_factory=dict)
    rates: dict[str, ErrorRate] = msgspec.field(default_factory=dict)
    served: dict[str, ErrorRate] = msgspec.field(default_factory=dict)  # since it is active
    open: list[str] = msgspec.field(default_factory=list)  # "level:group" that may be served


class Hit(msgspec.Struct, frozen=True):
    applied: Applied
    draw: Draw
    kept: Kept | None  # None: an audit, the task runs


class Cache(msgspec.Struct):
    """Bounded by `cache_entries`; the answer unused for longest goes first."""

    answers: dict[str, Kept] = msgspec.field(default_factory=dict)
    grounds: dict[str, Ground] = msgspec.field(default_factory=dict)

    # ---- deciding ----

    def find(self, request: Request, salt: bytes, settings: PolicySettings) -> Hit | None:
        ground = self.grounds.get(request.task.task_type)
        if ground is None or not ground.open or momentary(request.task):
            return None
        for level, key in answer_keys(request.task).items():
            kept = self.answers.get(f"{level}:{key}")
            if kept is None or kept.differed or request.at - kept.at > settings.cache_ttl_s:
                continue
            if f"{level}:{kept.group()}" in ground.open and KIND[level] in settings.kinds:
                return self._hit(request, level, kept, salt)
        return None

    def _hit(self, request: Request, level: str, kept: Kept, salt: bytes) -> Hit:
        kind = KIND[level]
        identifier = cache_id(kind, request.task.task_type)
        served = position(salt, kind, request.id) >= AUDITED
        draw = Draw(
            kind, "", (CONTROL, identifier), (AUDITED, 1 - AUDITED), identifier if served else ""
        )
        params: dict[str, Json] = {"level": level}
        arm = Applied(identifier, kind, "treatment" if served else "holdout", params)
        return Hit(arm, draw, kept if served else None)

    # ---- learning ----

    def learn(self, outcome: Outcome, settings: PolicySettings) -> None:
        """A task that ran: was what is kept for it right?"""
        task = asked_task(outcome)
        ground = self.grounds.setdefault(task.task_type, Ground())
        ground.requests += 1
        if outcome.error is not None or outcome.output is None:
            return
        raw = msgspec.json.encode(outcome.output, order="deterministic")
        if len(raw) > LARGEST:
            return
        digest = hashlib.blake2b(raw, digest_size=16).hexdigest()
        for level, key in answer_keys(task).items():
            if level == "exact" or settings.cache_similar:
                self._compare(
                    ground, level, f"{level}:{key}", digest, outcome, settings, momentary(task)
                )
        while len(self.answers) > settings.cache_entries * (3 if settings.cache_similar else 1):
            self.answers.pop(next(iter(self.answers)))

    def _compare(
        self,
        ground: Ground,
        level: str,
        key: str,
        digest: str,
        outcome: Outcome,
        settings: PolicySettings,
        moment: bool,
    ) -> None:
        kept = self.answers.pop(key, None)
        if kept is None:
            kept = Kept(outcome.output, digest, outcome.at)
        else:
            ground.repeats[level] = ground.repeats.get(level, 0) + 1
            same = kept.digest == digest
            fresh = outcome.at - kept.at <= settings.cache_ttl_s
            if fresh and not moment and not kept.differed:
                name = f"{level}:{kept.group()}"
                _count(ground.rates, name, not same)
                _count(ground.rates, f"{level}:{ANY}", not same)
                if name in ground.open:
                    _count(ground.served, name, not same)
            kept.agreed, kept.differed = kept.agreed + same, kept.differed + (not same)
            kept.output, kept.digest, kept.at = outcome.output, digest, outcome.at
        self.answers[key] = kept

    def complain(self, outcome: Outcome, wrong: bool) -> None:
        """Feedback on a served answer: a wrong one is dropped at once."""
        task = asked_task(outcome)
        ground = self.grounds.get(task.task_type)
        if ground is None or outcome.decision is None:
            return
        level = next((a.params.get("level") for a in outcome.decision.applied), "exact")
        key = f"{level}:{answer_keys(task)[str(level)]}"
        kept = self.answers.get(key)
        name = f"{level}:{kept.group() if kept else 'once'}"
        _count(ground.served, name, wrong)
        if wrong:
            self.answers.pop(key, None)

    # ---- reviewing ----

    def review(
        self,
        states: dict[str, OptimizationState],
        settings: PolicySettings,
        now: float,
        cards: Cards,
    ) -> tuple[list[OptimizationState], list[Transition]]:
        """Opens and closes levels; the states that are new or changed, and the steps."""
        changed, steps = [], []
        for task_type, ground in self.grounds.items():
            for kind in ("cache_response", "cache_similar"):
                if kind in settings.kinds and (kind != "cache_similar" or settings.cache_similar):
                    state = states.get(cache_id(kind, task_type))
                    found = self._review_one(kind, task_type, ground, state, settings, now)
                    if found is not None:
                        changed.append(found[0])
                        steps += found[1]
        return changed, steps

    def _review_one(
        self,
        kind: str,
        task_type: str,
        ground: Ground,
        state: OptimizationState | None,
        settings: PolicySettings,
        now: float,
    ) -> tuple[OptimizationState, list[Transition]] | None:
        levels = [level for level in LEVELS if KIND[level] == kind]
        repeats = max(ground.repeats.get(level, 0) for level in levels)
        least = REPEATS if kind == "cache_response" else NEAR_REPEATS
        if state is None:
            if ground.requests < ENOUGH or repeats < least * ground.requests:
                return None
            state = _proposed(kind, task_type, settings, now)
        if state.blocked or state.status in ("retired", "rejected", "suspended"):
            self._close(ground, levels)
            return None
        steps: list[Transition] = []
        if state.status == "candidate":
            steps.append(_step(state, "shadow", "begun", "Repeats are compared.", now))
        bound = EXACT_BOUND if kind == "cache_response" else settings.cache_similar_error
        self._open(ground, levels, bound, settings.activate_at)
        _measure(state, ground, levels, bound, settings)
        if state.status != "active" and any(_of(o, levels) for o in ground.open):
            text = f"Proven: at most {bound:.0%} of the served answers are wrong."
            steps.append(_step(state, "active", "proven", text, now))
        bad = [r for name, r in ground.served.items() if _of(name, levels)]
        if state.status == "active" and any(r.above(bound) >= settings.activate_at for r in bad):
            self._close(ground, levels)
            text = "Closed: more of the served answers were wrong than allowed."
            steps.append(_step(state, "suspended", "harm", text, now))
        return state, steps

    def _open(self, ground: Ground, levels: list[str], bound: float, bar: float) -> None:
        for name, rate in ground.rates.items():
            if _of(name, levels) and rate.below(bound) >= bar:
                level, _, group = name.partition(":")
                for one in GROUPS if group == ANY else (group,):
                    if f"{level}:{one}" not in ground.open:
                        ground.open.append(f"{level}:{one}")

    def _close(self, ground: Ground, levels: list[str]) -> None:
        ground.open = [name for name in ground.open if not _of(name, levels)]

    def purge(self) -> int:
        count = len(self.answers)
        self.answers.clear()
        return count


def cache_id(kind: str, task_type: str) -> str:
    return optimization_id((kind, task_type, ""), {}, "")


def asked_task(outcome: Outcome) -> Task:
    """The task as it was asked, before anything was changed on it."""
    decision = outcome.decision
    if decision is None:
        return outcome.task
    return msgspec.structs.replace(
        outcome.task, model_id=decision.model_before, parameters=decision.parameters_before
    )


def _of(name: str, levels: list[str]) -> bool:
    return name.partition(":")[0] in levels


def _proposed(kind: str, task_type: str, settings: PolicySettings, now: float) -> OptimizationState:
    similar = kind == "cache_similar"
    return OptimizationState(
        id=cache_id(kind, task_type),
        kind=kind,
        task_type=task_type,
        base="",
        params={"ttl": settings.cache_ttl_s},
        created_at=now,
        changed_at=now,
        last_used=now,
        holdout=AUDITED,
        summary="Serve nearly repeated requests again" if similar else "Serve repeats again",
    )


def _measure(
    state: OptimizationState,
    ground: Ground,
    levels: list[str],
    bound: float,
    settings: PolicySettings,
) -> None:
    rates = [r for name, r in ground.rates.items() if _of(name, levels)]
    best = max(rates, key=lambda r: r.below(bound), default=ErrorRate())
    state.e_guard = best.below(bound)
    state.e_harm = max((r.above(bound) for r in rates), default=1.0)
    state.n_treated, state.n_control = best.n, best.n
    missing = max(0.0, math.log(settings.activate_at / max(1e-9, state.e_guard)))
    state.needs_more = math.ceil(missing / bound) if missing else 0
    state.guards = {name: [r.n, r.wrong] for name, r in ground.rates.items() if _of(name, levels)}
    if state.status == "active":
        state.effectiveness = 0.75


def _step(
    state: OptimizationState, target: Status, reason: str, text: str, now: float
) -> Transition:
    evidence: dict[str, Json] = {"e_guard": min(1e12, state.e_guard), "n": state.n_treated}
    step = Transition(state.id, state.status, target, reason, text, now, evidence)
    state.status, state.changed_at = target, now
    state.transitions.append(step)
    return step
