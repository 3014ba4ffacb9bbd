"""What a cache has shown: repeats compared, served answers, verdicts of people."""

from __future__ import annotations

import msgspec

from optimizations.engine.domain.optimization_ids import optimization_id
from optimizations.engine.domain.task import Json
from optimizations.engine.statistics.error_rate import ErrorRate

AUDITED = 0.05
GROUPS, ANY = ("confirmed", "once"), "any"
TOLD = "told"  # what people said of served answers, apart from what the audits found


class CachedAnswer(msgspec.Struct):
    """One answer. `agreed` and `differed` count later runs of the same request."""

    output: Json
    digest: str
    at: float
    agreed: int = 0
    differed: int = 0

    def group(self) -> str:
        return "confirmed" if self.agreed else "once"


class CacheStatistics(msgspec.Struct):
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


def cache_id(kind: str, task_type: str) -> str:
    return optimization_id((kind, task_type, ""), {}, "")
