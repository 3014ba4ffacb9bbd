"""What a cache has shown: repeats that were compared, served answers, feedback of people."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import msgspec

from optimizations.engine.domain.optimization_ids import optimization_id
from optimizations.engine.domain.task import Json
from optimizations.engine.statistics.error_rate import ErrorRate

AUDITED = 0.05  # share of the hits that run all the same, to go on measuring
GROUPS, ANY = ("confirmed", "once"), "any"  # answers confirmed by a second run, seen once; all
FEEDBACK = "told"  # suffix of the rates that people's feedback makes, apart from the audits'


NOBODY, EVERYBODY = "?", ""  # whose an answer is: not known (kept before it was noted); anyone's


class CachedAnswer(msgspec.Struct):
    """One answer. `agreed` and `differed` count later runs of the same request.

    `session` is the digest of the only session it was seen in. EVERYBODY: two sessions agreed on it,
    or its caller names no sessions.
    """

    output: Json
    digest: str
    at: float
    agreed: int = 0
    differed: int = 0
    session: str = NOBODY

    def may_serve(self, session: str) -> bool:
        """Whether this session may have it: what one person was told is not another's answer."""
        return self.session in (EVERYBODY, session)

    def group(self) -> str:
        return "confirmed" if self.agreed else "once"


class CacheStatistics(msgspec.Struct):
    """One task type: requests, repeats by level, error rates by `level:group`.

    `served` are the rates since serving began, `open` the names that may be served.
    """

    requests: int = 0
    repeats: dict[str, int] = msgspec.field(default_factory=dict)
    rates: dict[str, ErrorRate] = msgspec.field(default_factory=dict)
    served: dict[str, ErrorRate] = msgspec.field(default_factory=dict)
    open: list[str] = msgspec.field(default_factory=list)

    def count_repeat(self, level: str) -> None:
        self.repeats[level] = self.repeats.get(level, 0) + 1

    def compare(self, name: str, level: str, wrong: bool) -> None:
        """Counts a repeat that ran, and whether the kept answer was wrong."""
        for rates, key in ((self.rates, name), (self.rates, f"{level}:{ANY}")):
            rates.setdefault(key, ErrorRate()).add(wrong)
        if name in self.open:
            self.served.setdefault(name, ErrorRate()).add(wrong)

    def count_feedback(self, name: str, wrong: bool) -> None:
        self.served.setdefault(f"{name}:{FEEDBACK}", ErrorRate()).add(wrong)

    def allow(self, names: Iterable[str]) -> None:
        self.open = list(dict.fromkeys([*self.open, *names]))

    def close(self, levels: Collection[str]) -> None:
        self.open = [name for name in self.open if not has_level(name, levels)]

    def repeats_at(self, levels: Collection[str]) -> int:
        return sum(self.repeats.get(level, 0) for level in levels)

    def rates_at(self, levels: Collection[str]) -> dict[str, ErrorRate]:
        return {name: rate for name, rate in self.rates.items() if has_level(name, levels)}


def has_level(name: str, levels: Collection[str]) -> bool:
    """Whether `level:group` is of one of these levels."""
    return name.partition(":")[0] in levels


def cache_id(kind: str, task_type: str) -> str:
    """The id of the optimization that stands for this cache."""
    return optimization_id((kind, task_type, ""), {}, "")
