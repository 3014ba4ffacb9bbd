"""Outcomes that never came, and how long the others took, by arm.

What is missing may be what went wrong: a model that fails where nobody reports it looks good. Whether
an outcome is missing has nothing to do with its arm unless something is wrong, so each missing one is
of the treated arm with the chance with which its request was assigned: a sequential test of that finds
half of an arm lost after a dozen missing outcomes, where the ratio of those that came needs hundreds.
"""

from __future__ import annotations

import msgspec

from optimizations.engine.statistics.sample_ratio import SampleRatio

# Seconds up to which delays are counted apart; longer ones are in one more class.
BOUNDS = (1.0, 10.0, 60.0, 600.0, 3600.0, 6 * 3600.0, 86_400.0)
WAITED = (3600.0, 6 * 3600.0, 86_400.0)  # what does not come for so long is missing
ENOUGH, PROMPT = 50, 0.99  # outcomes, and their share that is to come within the wait
MISSING_SHARE, MISSING_LEAST = 0.1, 20  # from which it is warned of, whatever the arm


def fresh_delays() -> list[int]:
    return [0] * (len(BOUNDS) + 1)


def class_of(delay: float) -> int:
    return next((k for k, bound in enumerate(BOUNDS) if delay <= bound), len(BOUNDS))


class ArmDelays(msgspec.Struct):
    """Outcomes of one arm by how long after the decision they came; `late`: after they were missed."""

    counts: list[int] = msgspec.field(default_factory=fresh_delays)
    late: int = 0

    def add(self, delay: float, waited: float) -> None:
        self.counts[class_of(delay)] += 1
        self.late += delay > waited

    @property
    def n(self) -> int:
        return sum(self.counts)

    def quantile(self, share: float) -> float | None:
        """The bound within which that share came; None when more than that took over a day."""
        reached = 0
        for bound, count in zip(BOUNDS, self.counts, strict=False):
            reached += count
            if self.n and reached >= share * self.n:
                return bound
        return None


class MissingOutcomes(msgspec.Struct):
    """`missed` counts and tests what did not come in time; `treated` and `control` what came."""

    missed: SampleRatio = msgspec.field(default_factory=SampleRatio)
    treated: ArmDelays = msgspec.field(default_factory=ArmDelays)
    control: ArmDelays = msgspec.field(default_factory=ArmDelays)

    def note_arrival(self, treated: bool, delay: float, waited: float) -> None:
        (self.treated if treated else self.control).add(delay, waited)

    def count_missing(self) -> tuple[int, int]:
        """(treated, control) that have not come until now."""
        return (
            max(0, self.missed.treated - self.treated.late),
            max(0, self.missed.control - self.control.late),
        )

    @property
    def is_much(self) -> bool:
        missing = sum(self.count_missing())
        known = missing + self.treated.n + self.control.n
        return missing >= MISSING_LEAST and missing >= MISSING_SHARE * known


class OutcomeWait(msgspec.Struct):
    """How long an outcome is waited for: an hour, or as long as nearly all of a project's take, a day
    at most. It follows all outcomes alike, so that it cannot favour an arm.

    `until` is the id of the last decision whose outcome the caller has looked for.
    """

    delays: ArmDelays = msgspec.field(default_factory=ArmDelays)
    until: str = ""

    @property
    def seconds(self) -> float:
        usual = self.delays.quantile(PROMPT) if self.delays.n >= ENOUGH else 0.0
        least = WAITED[-1] if usual is None else usual
        return next((wait for wait in WAITED if wait >= least), WAITED[-1])
