"""Answers that are served again, and the proof that they may be.

Every repeat that runs (all of them at first, 5 % for ever) tells whether the kept answer would
have been right. Serving begins when bets have ruled out that more than the bound is wrong
(2 % for exact repeats, the project's own bound for similar ones), separately for answers seen
once and answers already confirmed by a second run. It ends when they show that more than half
of the bound is wrong.
"""

from __future__ import annotations

import math

import msgspec

from optimizations.engine.allocation import position
from optimizations.engine.error_rate import ErrorRate
from optimizations.engine.keys import digest, momentary
from optimizations.engine.kind import CacheKind, Cards
from optimizations.engine.kinds import CACHES
from optimizations.engine.learning import optimization_id
from optimizations.engine.lifecycle import Status, Transition
from optimizations.engine.optimization import OptimizationState
from optimizations.engine.outcomes import Outcome
from optimizations.engine.settings import PolicySettings
from optimizations.engine.task import CONTROL, Applied, Draw, Json, Request, Task

AUDITED = 0.05
LARGEST = 65_536  # bytes of an answer that is kept
ENOUGH = 200  # requests before a cache is proposed
GROUPS, ANY = ("confirmed", "once"), "any"
TOGETHER, ALONE = 0.8, 0.1  # three proofs are waited for: what they may stake in all is 1
TOLD = "told"  # what people said of served answers, apart from what the audits found


class Kept(msgspec.Struct):
    """One answer. `agreed` and `differed` count later runs of the same request."""

    output: Json
    digest: str
    at: float
    agreed: int = 0
    differed: int = 0

    def group(self) -> str:
        return "confirmed" if self.agreed else "once"


class Ground(msgspec.Struct):
    """What was seen of one task type: requests, repeats per level, error rates per group."""

    requests: int = 0
    repeats: dict[str, int] = msgspec.field(default_factory=dict)
    rates: dict[str, ErrorRate] = msgspec.field(default_factory=dict)
    served: dict[str, ErrorRate] = msgspec.field(default_factory=dict)  # since it is active
    open: list[str] = msgspec.field(default_factory=list)  # "level:group" that may be served

    def compare(self, name: str, level: str, wrong: bool) -> None:
        """A repeat that ran: was what is kept for it wrong?"""
        for rates, key in ((self.rates, name), (self.rates, f"{level}:{ANY}")):
            rates.setdefault(key, ErrorRate()).add(wrong)
        if name in self.open:
            self.served.setdefault(name, ErrorRate()).add(wrong)

    def told(self, name: str, wrong: bool) -> None:
        self.served.setdefault(f"{name}:{TOLD}", ErrorRate()).add(wrong)


def keyed(task: Task, settings: PolicySettings) -> list[tuple[CacheKind, str, str]]:
    """(kind, level, key) of what is switched on, strictest first."""
    return [
        (kind, level, f"{level}:{key}")
        for kind in CACHES
        if kind.on(settings)
        for level, key in kind.keys(task).items()
    ]


def failed(outcome: Outcome) -> bool:
    """An answer that did not help once must not be served again: the next run may do better."""
    return outcome.quality is not None and outcome.quality < 0.5


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
        for kind, level, key in keyed(request.task, settings):
            kept = self.answers.get(key)
            if kept is None or request.at - kept.at > settings.cache_ttl_s:
                continue
            # The strictest key that is known decides: a wider one has a looser bound, and would
            # hide that the answer to this very request is known to change.
            if kept.differed or f"{level}:{kept.group()}" not in ground.open:
                return None
            return self._hit(request, kind.name, level, kept, salt)
        return None

    def _hit(self, request: Request, kind: str, level: str, kept: Kept, salt: bytes) -> Hit:
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
        """A task that ran: was what is kept for it right?

        Only the strictest key that is known says so: exact repeats must not flatter the error
        rate of near ones.
        """
        task = asked_task(outcome)
        ground = self.grounds.setdefault(task.task_type, Ground())
        ground.requests += 1
        if outcome.error is not None or outcome.output is None:
            return
        if len(msgspec.json.encode(outcome.output)) > LARGEST:
            return
        now, moment, judged = digest(outcome.output), momentary(task), False
        for _, level, key in keyed(task, settings):
            kept = self.answers.pop(key, None)
            if kept is not None and not judged:
                judged = True
                ground.repeats[level] = ground.repeats.get(level, 0) + 1
                fresh = outcome.at - kept.at <= settings.cache_ttl_s
                if fresh and not moment and not kept.differed:
                    ground.compare(f"{level}:{kept.group()}", level, kept.digest != now)
            if not failed(outcome):
                self.answers[key] = renewed(kept, outcome, now)
        while len(self.answers) > settings.cache_entries * (3 if settings.cache_similar else 1):
            self.answers.pop(next(iter(self.answers)))

    def complain(self, outcome: Outcome, wrong: bool) -> None:
        """Feedback on a served answer: a wrong one is dropped at once, with all of its keys."""
        task = asked_task(outcome)
        ground = self.grounds.get(task.task_type)
        if ground is None or outcome.decision is None:
            return
        level = next((a.params.get("level") for a in outcome.decision.applied), "exact")
        found = {one: f"{one}:{key}" for kind in CACHES for one, key in kind.keys(task).items()}
        kept = self.answers.get(found.get(str(level), ""))
        ground.told(f"{level}:{kept.group() if kept else 'once'}", wrong)
        if wrong:
            for key in found.values():
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
            for kind in CACHES:
                state = states.get(cache_id(kind.name, task_type))
                found = self._review_one(kind, task_type, ground, state, settings, now)
                if found is not None:
                    changed.append(found[0])
                    steps += found[1]
        return changed, steps

    def _review_one(
        self,
        kind: CacheKind,
        task_type: str,
        ground: Ground,
        state: OptimizationState | None,
        settings: PolicySettings,
        now: float,
    ) -> tuple[OptimizationState, list[Transition]] | None:
        levels = list(kind.levels)
        if not kind.on(settings):
            self._close(ground, levels)
            return _switched_off(state, now)
        if state is None:
            repeats = sum(ground.repeats.get(level, 0) for level in levels)
            if ground.requests < ENOUGH or repeats < kind.repeats * ground.requests:
                return None
            state = _proposed(kind, task_type, settings, now)
        off = bool(state.transitions) and state.transitions[-1].reason == OFF
        if state.blocked or (state.status in ("retired", "rejected", "suspended") and not off):
            self._close(ground, levels)
            return None
        steps: list[Transition] = []
        if state.status == "candidate" or (off and state.status == "suspended"):
            steps.append(_step(state, "shadow", "begun", "Repeats are compared.", now))
        bound = kind.bound(settings)
        self._open(ground, levels, bound, settings, state.pinned)
        _measure(state, ground, levels, bound, settings)
        if state.status != "active" and any(_of(o, levels) for o in ground.open):
            text = f"Proven: at most {bound:.0%} of the served answers are wrong."
            steps.append(_step(state, "active", "proven", text, now))
        bad = [r for name, r in ground.served.items() if _of(name, levels)]
        harm = any(r.above(bound / 2) >= settings.activate_at for r in bad)
        if state.status == "active" and harm and not state.pinned:
            self._close(ground, levels)
            text = "Closed: more of the served answers were wrong than allowed."
            steps.append(_step(state, "suspended", "harm", text, now))
        return state, steps

    def _open(
        self,
        ground: Ground,
        levels: list[str],
        bound: float,
        settings: PolicySettings,
        pinned: bool,
    ) -> None:
        names = [f"{level}:{group}" for level in levels for group in GROUPS] if pinned else []
        for name, rate in ground.rates.items():
            if _of(name, levels) and proof(name, rate, bound) >= settings.activate_at:
                level, _, group = name.partition(":")
                names += [f"{level}:{one}" for one in (GROUPS if group == ANY else (group,))]
        ground.open = list(dict.fromkeys([*ground.open, *names]))

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


def proof(name: str, rate: ErrorRate, bound: float) -> float:
    """The e-value of one of the proofs that open a level: its part of the common stake."""
    return rate.below(bound) * (TOGETHER if name.endswith(f":{ANY}") else ALONE)


def _of(name: str, levels: list[str]) -> bool:
    return name.partition(":")[0] in levels


OFF = "switched_off"


def _switched_off(
    state: OptimizationState | None, now: float
) -> tuple[OptimizationState, list[Transition]] | None:
    if state is None or state.status not in ("candidate", "shadow", "active"):
        return None
    text = "The threshold that allows it was switched off."
    return state, [_step(state, "suspended", OFF, text, now)]


def renewed(kept: Kept | None, outcome: Outcome, now: str) -> Kept:
    """The newest answer, with the count of how often it was confirmed."""
    made = Kept(outcome.output, now, outcome.at)
    if kept is not None:
        same = kept.digest == now
        made.agreed, made.differed = kept.agreed + same, kept.differed + (not same)
    return made


def _proposed(
    kind: CacheKind, task_type: str, settings: PolicySettings, now: float
) -> OptimizationState:
    return OptimizationState(
        id=cache_id(kind.name, task_type),
        kind=kind.name,
        task_type=task_type,
        base="",
        params={"ttl": settings.cache_ttl_s},
        created_at=now,
        changed_at=now,
        last_used=now,
        holdout=AUDITED,
        summary=kind.summary,
    )


def _measure(
    state: OptimizationState,
    ground: Ground,
    levels: list[str],
    bound: float,
    settings: PolicySettings,
) -> None:
    rates = {name: r for name, r in ground.rates.items() if _of(name, levels)}
    proofs = {name: proof(name, r, bound) for name, r in rates.items()}
    best = rates[max(proofs, key=proofs.__getitem__)] if rates else ErrorRate()
    state.e_guard = max(proofs.values(), default=1.0)
    state.e_harm = max((r.above(bound / 2) for r in rates.values()), default=1.0)
    state.n_treated, state.n_control = best.n, best.n
    missing = max(0.0, math.log(settings.activate_at / max(1e-9, state.e_guard)))
    state.needs_more = math.ceil(missing / bound) if missing else 0
    state.guards = {name: [r.n, r.wrong] for name, r in rates.items()}
    if state.status == "active":
        state.effectiveness = 0.75


def _step(
    state: OptimizationState, target: Status, reason: str, text: str, now: float
) -> Transition:
    evidence: dict[str, Json] = {"e_guard": min(1e12, state.e_guard), "n": state.n_treated}
    return state.go(target, reason, text, now, evidence)
