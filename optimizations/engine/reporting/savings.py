"""What a period saved, as sums over the ledger's hours."""

from __future__ import annotations

import msgspec

WIDTH = 3.0  # standard deviations: about 99.7 % at one time, 95 % when looked at often


class Amount(msgspec.Struct, frozen=True):
    point: float = 0.0
    low: float = 0.0
    high: float = 0.0


class SavedAmounts(msgspec.Struct, frozen=True):
    """`cost` in the project's currency, `tokens` a count, `time_ms` milliseconds, over `n`."""

    cost: Amount = Amount()
    tokens: Amount = Amount()
    time_ms: Amount = Amount()
    n: int = 0


class Savings(msgspec.Struct, frozen=True):
    """`verified`: by what is proven; `estimated`: by what is still on trial; `lost`: the part of
    both that went the wrong way (≤ 0); `net` = verified + estimated. `message` is for people."""

    estimated: SavedAmounts = SavedAmounts()
    verified: SavedAmounts = SavedAmounts()
    lost: SavedAmounts = SavedAmounts()
    net: SavedAmounts = SavedAmounts()
    message: str = ""


def sum_savings(hours, since: float, until: float) -> Savings:  # type: ignore[no-untyped-def]
    """Sums the hours of [since, until), in seconds since the epoch, to what was saved."""
    inside = [h for h in hours if since // 3600 <= h.hour and h.hour * 3600 < until]
    by_optimization: dict[str, float] = {}
    for hour in inside:
        name = hour.optimization_id
        by_optimization[name] = by_optimization.get(name, 0.0) + hour.sums[0]
    losing = {name for name, value in by_optimization.items() if value < 0}
    net = sum_hours(inside)
    crosses = net.cost.low <= 0 <= net.cost.high
    return Savings(
        estimated=sum_hours([h for h in inside if not h.verified]),
        verified=sum_hours([h for h in inside if h.verified]),
        lost=sum_hours([h for h in inside if h.optimization_id in losing]),
        net=net,
        message="No measurable effect yet." if crosses else "",
    )


def sum_hours(hours: list[SavingsHour]) -> SavedAmounts:
    amounts = []
    for k in range(MEASURES):
        point = sum(h.sums[k] for h in hours)
        half = WIDTH * sum(h.variances[k] for h in hours) ** 0.5
        amounts.append(Amount(point, point - half, point + half))
    return SavedAmounts(amounts[0], amounts[1], amounts[2], sum(h.n for h in hours))


MEASURES = 3  # cost, tokens, time in this order


class SavingsHour(msgspec.Struct):
    """Sums of one hour × optimization × proven or not; the savings of a period are their sum.

    `sums` and `variances` are [cost, tokens, time_ms].
    """

    hour: int  # hours since the epoch
    optimization_id: str
    verified: bool
    n: int = 0
    sums: list[float] = msgspec.field(default_factory=lambda: [0.0] * MEASURES)
    variances: list[float] = msgspec.field(default_factory=lambda: [0.0] * MEASURES)

    def add(self, values: list[float], variances: list[float], n: int) -> None:
        self.n += n
        for k in range(MEASURES):
            self.sums[k] += values[k]
            self.variances[k] += variances[k]
