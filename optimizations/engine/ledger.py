"""What was saved: estimated, verified and lost, each with its interval and n."""

from __future__ import annotations

import msgspec


class Amount(msgspec.Struct, frozen=True):
    point: float = 0.0
    low: float = 0.0
    high: float = 0.0


class Entry(msgspec.Struct, frozen=True):
    """`cost` in the project's currency, `tokens` a count, `time_ms` milliseconds, over `n`."""

    cost: Amount = Amount()
    tokens: Amount = Amount()
    time_ms: Amount = Amount()
    n: int = 0


class Savings(msgspec.Struct, frozen=True):
    estimated: Entry = Entry()
    verified: Entry = Entry()
    lost: Entry = Entry()
    net: Entry = Entry()
    message: str = ""


class LedgerHour(msgspec.Struct):
    """Sums of one hour × optimization; the savings of a period are their sum. See `savings`."""

    hour: int  # hours since the epoch
    optimization_id: str
    sums: list[float] = msgspec.field(default_factory=list)
