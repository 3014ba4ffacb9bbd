"""Answers exactly repeated requests from the cache."""

from __future__ import annotations

from optimizations.engine.domain.settings import PolicySettings
from optimizations.engine.domain.task import Task
from optimizations.engine.kinds import request_keys


class CacheResponse:
    """Serving begins when bets have ruled out that 2 % or more of the kept answers are wrong.

    An answer counts as wrong unless it is equal verbatim, which overstates the true rate.
    """

    name = "cache_response"
    levels: tuple[str, ...] = ("exact",)
    repeats = 0.02
    summary = "Answer repeated requests from the cache"

    def is_on(self, settings: PolicySettings) -> bool:
        return self.name in settings.kinds

    def bound(self, settings: PolicySettings) -> float:
        return 0.02

    def keys(self, task: Task) -> dict[str, str]:
        return {
            "exact": request_keys.digest(
                [
                    request_keys.context_parts(task),
                    request_keys.normalize_spacing(request_keys.asked_text(task.input)),
                ]
            )
        }
