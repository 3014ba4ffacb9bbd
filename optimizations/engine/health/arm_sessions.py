"""Sessions that saw both arms of an optimization.

A session is assigned as a whole, by a position that does not change. It crosses over when the shares
of the arms move while it lasts: a trial ends, an alarm holds out half, what would be served changes.
Only its first request is evidence, so that a crossing spoils no figure; but the person behind it saw
two ways of working, and what is remembered of the first may colour the second.
"""

from __future__ import annotations

import msgspec

CROSSED_SHARE, CROSSED_LEAST = 0.02, 5  # of the sessions, and sessions, from which it is warned of
MOST = 20_000
CONTROL_SEEN, TREATMENT_SEEN, RETURNED = 1, 2, 4
BOTH = CONTROL_SEEN | TREATMENT_SEEN


class ArmSessions(msgspec.Struct):
    """How many sessions took part, how many of them with a later request, and how many crossed."""

    sessions: int = 0
    returned: int = 0
    crossed: int = 0

    @property
    def share(self) -> float:
        """Of the sessions that came back: one request alone cannot cross."""
        return self.crossed / self.returned if self.returned else 0.0

    @property
    def is_much(self) -> bool:
        return self.crossed >= CROSSED_LEAST and self.share >= CROSSED_SHARE


class ArmMemory:
    """Which arms each session saw; at most MOST sessions a policy, those seen longest ago go first.
    One that comes back after it was forgotten counts as another."""

    def __init__(self, seen: dict[str, int] | None = None) -> None:
        self._seen = dict(seen or {})

    def list_seen(self) -> dict[str, int]:
        return self._seen

    def note(self, counts: ArmSessions, optimization_id: str, session: str, treated: bool) -> None:
        """Counts one request of a session that took part in an optimization."""
        key = f"{optimization_id}\x1f{session}"
        before = self._seen.pop(key, 0)
        now = before | (TREATMENT_SEEN if treated else CONTROL_SEEN)
        if not before:
            counts.sessions += 1
        elif not before & RETURNED:
            counts.returned += 1
            now |= RETURNED
        counts.crossed += before & BOTH != BOTH and now & BOTH == BOTH
        self._seen[key] = now
        if len(self._seen) > MOST:
            self._seen.pop(next(iter(self._seen)))
