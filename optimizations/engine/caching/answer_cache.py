"""Answers that are kept, found again for repeated requests, and compared when a repeat runs.

Every repeat that runs (all of them at first, 5 % for ever) shows whether the kept answer would
have been right; `cache_review` decides from that count which answers may be served.
"""

from __future__ import annotations

import msgspec

from optimizations.engine.caching.cache_statistics import (
    AUDITED,
    EVERYBODY,
    NOBODY,
    CachedAnswer,
    CacheStatistics,
    cache_id,
)
from optimizations.engine.domain.assignment import assign_position
from optimizations.engine.domain.outcome import Outcome
from optimizations.engine.domain.settings import PolicySettings
from optimizations.engine.domain.task import CONTROL, Applied, Draw, Json, Request, Task
from optimizations.engine.kinds import CACHES
from optimizations.engine.kinds.protocol import CacheKind
from optimizations.engine.kinds.request_keys import digest, points_at_now

MOST_GROUNDS = 2000  # task types with statistics
LARGEST = 65_536  # bytes of an answer that is kept
REDACTED = (
    "⟦".encode()
)  # begins a mark in place of what was redacted: not the answer that was given
HELPFUL = 0.5  # quality below which an answer is not kept, and a served one is dropped


class CacheHit(msgspec.Struct, frozen=True):
    """What a lookup found. `kept` None: an audit, the task runs although the answer is known."""

    applied: Applied
    draw: Draw
    kept: CachedAnswer | None


class AnswerCache(msgspec.Struct):
    """Answers by `level:key`, and the statistics of each task type.

    Bounded by `cache_entries` (three times that with near repeats, which have three keys each);
    the answer that was not renewed for longest goes first.
    """

    answers: dict[str, CachedAnswer] = msgspec.field(default_factory=dict)
    grounds: dict[str, CacheStatistics] = msgspec.field(default_factory=dict)

    # ---- deciding ----

    def find(self, request: Request, salt: bytes, settings: PolicySettings) -> CacheHit | None:
        """The answer that may be served for this request, or its audit; None without one."""
        seen = self.grounds.get(request.task.task_type)
        if seen is None or not seen.open or points_at_now(request.task):
            return None
        for kind, level, key in cache_keys(request.task, settings):
            kept = self.answers.get(key)
            if kept is None or request.at - kept.at > settings.cache_ttl_s:
                continue
            # The strictest key that is known decides: a wider one has a looser bound, and would
            # hide that the answer to this very request is known to change.
            if kept.differed or f"{level}:{kept.group()}" not in seen.open:
                return None
            if not kept.may_serve(name_session(request.task)):
                return None
            return draw_hit(request, kind.name, level, kept, salt)
        return None

    # ---- learning ----

    def learn(self, outcome: Outcome, settings: PolicySettings) -> None:
        """A task that ran: compares its output with what was kept for it, and keeps the new one.

        Only the strictest key that is known is compared: exact repeats must not flatter the error
        rate of near ones.
        """
        task = task_as_asked(outcome)
        seen = self.grounds.pop(task.task_type, None) or CacheStatistics()
        self.grounds[task.task_type] = seen  # last: the first one is that not asked for longest
        while len(self.grounds) > MOST_GROUNDS:
            self.grounds.pop(next(iter(self.grounds)))
        seen.requests += 1
        if outcome.error is not None or outcome.output is None:
            return
        raw = msgspec.json.encode(outcome.output)
        if len(raw) > LARGEST or REDACTED in raw:
            return
        now, passing, compared = digest(outcome.output), points_at_now(task), False
        for _, level, key in cache_keys(task, settings):
            kept = self.answers.pop(key, None)
            if kept is not None and not compared:
                compared = True
                fresh = outcome.at - kept.at <= settings.cache_ttl_s
                seen.count_repeat(level)
                if fresh and not passing and not kept.differed:
                    seen.compare(f"{level}:{kept.group()}", level, kept.digest != now)
            if outcome.quality is None or outcome.quality >= HELPFUL:  # the next run may do better
                self.answers[key] = renew_answer(kept, outcome, now)
        self._trim(settings)

    def _trim(self, settings: PolicySettings) -> None:
        most = settings.cache_entries * (3 if settings.cache_similar else 1)
        while len(self.answers) > most:
            self.answers.pop(next(iter(self.answers)))

    def learn_feedback(self, outcome: Outcome) -> None:
        """Feedback on a served answer: a wrong one is dropped at once, with all of its keys."""
        task = task_as_asked(outcome)
        seen = self.grounds.get(task.task_type)
        if outcome.quality is None or seen is None or outcome.decision is None:
            return
        wrong = outcome.quality < HELPFUL
        level = next((a.params.get("level") for a in outcome.decision.applied), "exact")
        keys = {one: f"{one}:{key}" for kind in CACHES for one, key in kind.keys(task).items()}
        kept = self.answers.get(keys.get(str(level), ""))
        seen.count_feedback(f"{level}:{kept.group() if kept else 'once'}", wrong)
        if wrong:
            for key in keys.values():
                self.answers.pop(key, None)

    def drop_before(self, moment: float) -> int:
        """Drops the answers kept or renewed before (seconds); how many."""
        old = [key for key, kept in self.answers.items() if kept.at < moment]
        for key in old:
            del self.answers[key]
        return len(old)

    def purge(self) -> int:
        """Drops all answers, keeps the statistics; returns how many there were."""
        count = len(self.answers)
        self.answers.clear()
        return count


def cache_keys(task: Task, settings: PolicySettings) -> list[tuple[CacheKind, str, str]]:
    """(kind, level, `level:key`) of every cache that is switched on, strictest first."""
    return [
        (kind, level, f"{level}:{key}")
        for kind in CACHES
        if kind.is_on(settings)
        for level, key in kind.keys(task).items()
    ]


def draw_hit(request: Request, kind: str, level: str, kept: CachedAnswer, salt: bytes) -> CacheHit:
    """Serves the answer, or audits it: AUDITED of the hits run all the same."""
    identifier = cache_id(kind, request.task.task_type)
    served = assign_position(salt, kind, request.id) >= AUDITED
    chosen = identifier if served else CONTROL
    draw = Draw(kind, "", (CONTROL, identifier), (AUDITED, 1 - AUDITED), chosen)
    params: dict[str, Json] = {"level": level}
    arm = Applied(identifier, kind, "treatment" if served else "holdout", params)
    return CacheHit(arm, draw, kept if served else None)


def task_as_asked(outcome: Outcome) -> Task:
    """The task before anything was changed on it."""
    decision = outcome.decision
    if decision is None:
        return outcome.task
    return msgspec.structs.replace(
        outcome.task, model_id=decision.model_before, parameters=decision.parameters_before
    )


def renew_answer(kept: CachedAnswer | None, outcome: Outcome, now: str) -> CachedAnswer:
    """The newest answer, with the count of how often it was confirmed, and whose it is."""
    session = name_session(outcome.task)
    made = CachedAnswer(outcome.output, now, outcome.at, session=session)
    if kept is not None:
        same = kept.digest == now
        made.agreed, made.differed = kept.agreed + same, kept.differed + (not same)
        if same and kept.session not in (session, NOBODY):
            made.session = EVERYBODY
    return made


def name_session(task: Task) -> str:
    """The session of a task as the cache notes it; EVERYBODY where its caller names none."""
    return digest(task.session_id) if task.session_id else EVERYBODY
