"""Answers that are served again, and the proof that they may be.

Every repeat that runs (all of them at first, 5 % for ever) tells whether the kept answer would
have been right. Serving begins when bets have ruled out that more than the bound is wrong
(2 % for exact repeats, the project's own bound for similar ones), separately for answers seen
once and answers already confirmed by a second run. It ends when they show that more than half
of the bound is wrong.
"""

from __future__ import annotations

import msgspec

from optimizations.engine.caching.cache_review import (
    ENOUGH,
    OFF,
    _of,
    _proposed,
    _switched_off,
    measure,
    proof,
    step,
)
from optimizations.engine.caching.cache_statistics import (
    ANY,
    AUDITED,
    GROUPS,
    CachedAnswer,
    CacheStatistics,
    cache_id,
)
from optimizations.engine.domain.assignment import position
from optimizations.engine.domain.lifecycle import Transition
from optimizations.engine.domain.optimization import OptimizationState
from optimizations.engine.domain.outcome import Outcome
from optimizations.engine.domain.params import Cards
from optimizations.engine.domain.settings import PolicySettings
from optimizations.engine.domain.task import CONTROL, Applied, Draw, Json, Request, Task
from optimizations.engine.kinds import CACHES
from optimizations.engine.kinds.protocol import CacheKind
from optimizations.engine.kinds.request_keys import digest, momentary

LARGEST = 65_536  # bytes of an answer that is kept


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


class CacheHit(msgspec.Struct, frozen=True):
    applied: Applied
    draw: Draw
    kept: CachedAnswer | None  # None: an audit, the task runs


class AnswerCache(msgspec.Struct):
    """Bounded by `cache_entries`; the answer unused for longest goes first."""

    answers: dict[str, CachedAnswer] = msgspec.field(default_factory=dict)
    grounds: dict[str, CacheStatistics] = msgspec.field(default_factory=dict)

    # ---- deciding ----

    def find(self, request: Request, salt: bytes, settings: PolicySettings) -> CacheHit | None:
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

    def _hit(
        self, request: Request, kind: str, level: str, kept: CachedAnswer, salt: bytes
    ) -> CacheHit:
        identifier = cache_id(kind, request.task.task_type)
        served = position(salt, kind, request.id) >= AUDITED
        draw = Draw(
            kind, "", (CONTROL, identifier), (AUDITED, 1 - AUDITED), identifier if served else ""
        )
        params: dict[str, Json] = {"level": level}
        arm = Applied(identifier, kind, "treatment" if served else "holdout", params)
        return CacheHit(arm, draw, kept if served else None)

    # ---- learning ----

    def learn(self, outcome: Outcome, settings: PolicySettings) -> None:
        """A task that ran: was what is kept for it right?

        Only the strictest key that is known says so: exact repeats must not flatter the error
        rate of near ones.
        """
        task = asked_task(outcome)
        ground = self.grounds.setdefault(task.task_type, CacheStatistics())
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
        ground: CacheStatistics,
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
            steps.append(step(state, "shadow", "begun", "Repeats are compared.", now))
        bound = kind.bound(settings)
        self._open(ground, levels, bound, settings, state.pinned)
        measure(state, ground, levels, bound, settings)
        if state.status != "active" and any(_of(o, levels) for o in ground.open):
            text = f"Proven: at most {bound:.0%} of the served answers are wrong."
            steps.append(step(state, "active", "proven", text, now))
        bad = [r for name, r in ground.served.items() if _of(name, levels)]
        harm = any(r.above(bound / 2) >= settings.activate_at for r in bad)
        if state.status == "active" and harm and not state.pinned:
            self._close(ground, levels)
            text = "Closed: more of the served answers were wrong than allowed."
            steps.append(step(state, "suspended", "harm", text, now))
        return state, steps

    def _open(
        self,
        ground: CacheStatistics,
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

    def _close(self, ground: CacheStatistics, levels: list[str]) -> None:
        ground.open = [name for name in ground.open if not _of(name, levels)]

    def purge(self) -> int:
        count = len(self.answers)
        self.answers.clear()
        return count


def asked_task(outcome: Outcome) -> Task:
    """The task as it was asked, before anything was changed on it."""
    decision = outcome.decision
    if decision is None:
        return outcome.task
    return msgspec.structs.replace(
        outcome.task, model_id=decision.model_before, parameters=decision.parameters_before
    )


def renewed(kept: CachedAnswer | None, outcome: Outcome, now: str) -> CachedAnswer:
    """The newest answer, with the count of how often it was confirmed."""
    made = CachedAnswer(outcome.output, now, outcome.at)
    if kept is not None:
        same = kept.digest == now
        made.agreed, made.differed = kept.agreed + same, kept.differed + (not same)
    return made
