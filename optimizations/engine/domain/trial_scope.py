"""The scope in which changes compete: one kind, one task type, one base they depart from."""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec

from optimizations.engine.domain.outcome import Reference
from optimizations.engine.domain.pace import TrafficPace
from optimizations.engine.domain.params import Cards, keep_settings
from optimizations.engine.domain.task import CONTROL, Json, Task

OWN, SHARED = 20.0, 10.0  # weights of a cell's parents in its past-only mean
MOST_SCOPES = 300
# Wishes after which shadows count as not being run, when fewer than this part came back.
IGNORED_AFTER, IGNORED_BELOW = 60, 0.2
NOTICED = 5  # answers after which they count as being run again
ScopeKey: TypeAlias = tuple[str, str, str]  # kind, task type, base


class Cell(msgspec.Struct, array_like=True):
    """Sums of one value × pattern: n judged, quality and its squares, relative cost and time."""

    n: float = 0.0
    quality: float = 0.0
    squares: float = 0.0
    priced: float = 0.0
    cost: float = 0.0
    time: float = 0.0

    def add(self, quality: float, cost: float, time: float) -> None:
        self.n += 1
        self.quality += quality
        self.squares += quality * quality
        self.priced += 1
        self.cost += cost
        self.time += time

    def revise(self, before: float, now: float) -> None:
        """Replaces the quality of one outcome."""
        self.quality += now - before
        self.squares += now**2 - before**2

    def fade(self, factor: float) -> None:
        self.n *= factor
        self.quality *= factor
        self.squares *= factor
        self.priced *= factor
        self.cost *= factor
        self.time *= factor

    @property
    def mean(self) -> float:
        return self.quality / self.n if self.n else 0.0


class PairCell(msgspec.Struct, array_like=True):
    """Sums over pairs of one value × pattern: differences of quality to the incumbent's answer to the
    same task, their squares, relative cost and time of the value."""

    n: float = 0.0
    total: float = 0.0
    squares: float = 0.0
    cost: float = 0.0
    time: float = 0.0

    def add(self, difference: float, cost: float, time: float) -> None:
        self.n += 1
        self.total += difference
        self.squares += difference * difference
        self.cost += cost
        self.time += time

    def revise(self, before: float, now: float) -> None:
        self.total += now - before
        self.squares += now**2 - before**2

    def fade(self, factor: float) -> None:
        self.n *= factor
        self.total *= factor
        self.squares *= factor
        self.cost *= factor
        self.time *= factor


class ShadowMeter(msgspec.Struct):
    """What a scope paid for answers and for shadows, in units of the incumbent's mean cost, and how
    many shadows were wished for and came back."""

    paid: float = 0.0
    spent: float = 0.0
    asked: int = 0
    answered: int = 0
    scored: int = 0  # answers of all time with a score
    run: int = 0  # answers of all time
    served: int = 0  # answers of the incumbent, and how many of them were graded
    graded: int = 0
    ignored: bool = False  # nobody runs what is wished for: only now and then is it tried again

    def judge_callers(self) -> None:
        """Notes whether the shadows that are wished for are run."""
        if self.ignored and self.answered >= NOTICED:
            self.ignored, self.asked, self.answered = False, 0, 0
        elif self.asked >= IGNORED_AFTER and self.answered < IGNORED_BELOW * self.asked:
            self.ignored, self.asked, self.answered = True, 0, 0


class Scope(msgspec.Struct):
    """The cells of every value tried, CONTROL included, by pattern ("" holds their sum)."""

    kind: str
    task_type: str
    base: str
    model_id: str
    parameters: dict[str, Json]
    cells: dict[str, dict[str, Cell]] = msgspec.field(default_factory=dict)
    seen: dict[str, float] = msgspec.field(default_factory=dict)
    requests: int = 0
    faded: int = 0
    reference: Reference = msgspec.field(default_factory=Reference)
    costs: tuple[float, int] = (0.0, 0)
    durations: tuple[float, int] = (0.0, 0)
    notes: Any = None  # the kind's own `Notes`
    scatter: tuple[float, float] | None = None  # of values and of patterns, as estimated
    live: list[str] = msgspec.field(default_factory=list)  # optimizations that learn from it
    pairs: dict[str, dict[str, PairCell]] = msgspec.field(default_factory=dict)
    meter: ShadowMeter = msgspec.field(default_factory=ShadowMeter)
    pace: TrafficPace = msgspec.field(default_factory=TrafficPace)

    @property
    def key(self) -> ScopeKey:
        return (self.kind, self.task_type, self.base)

    @property
    def example(self) -> Task:
        return Task(self.model_id, None, self.task_type, dict(self.parameters))

    def count(self, pattern: str, at: float) -> None:
        self.requests += 1
        self.pace.note(at)
        self.seen[pattern] = self.seen.get(pattern, 0.0) + 1

    def cell(self, value: str, pattern: str) -> Cell:
        return self.cells.setdefault(value, {}).setdefault(pattern, Cell())

    def learn(self, value: str, pattern: str, quality: float, cost: float, time: float) -> None:
        self.cell(value, "").add(quality, cost, time)
        if pattern:
            self.cell(value, pattern).add(quality, cost, time)

    def pair(self, value: str, pattern: str) -> PairCell:
        return self.pairs.setdefault(value, {}).setdefault(pattern, PairCell())

    def mean(self, value: str, pattern: str) -> tuple[float, float, float]:
        """Past-only means of quality, relative cost and time, shrunk to the value's overall."""
        overall = self._overall(value)
        own = self.cells.get(value, {}).get(pattern) if pattern else None
        if own is None:
            return overall
        n = OWN + own.n
        return (
            (OWN * overall[0] + own.quality) / n,
            (OWN * overall[1] + own.cost) / n,
            (OWN * overall[2] + own.time) / n,
        )

    def _overall(self, value: str) -> tuple[float, float, float]:
        prior = (0.7, 1.0, 1.0) if value == CONTROL else self._overall(CONTROL)
        cell = self.cells.get(value, {}).get("", Cell())
        n = SHARED + cell.n
        return (
            (SHARED * prior[0] + cell.quality) / n,
            (SHARED * prior[1] + cell.cost) / n,
            (SHARED * prior[2] + cell.time) / n,
        )

    def note_reference(self, cost: float | None, duration: float | None) -> None:
        """Updates the incumbent's mean cost and duration, the units of utility."""
        if cost is not None:
            self.costs = (self.costs[0] + cost, self.costs[1] + 1)
            self.reference.cost = self.costs[0] / self.costs[1]
        if duration is not None:
            self.durations = (self.durations[0] + duration, self.durations[1] + 1)
            self.reference.duration = self.durations[0] / self.durations[1]

    def fade(self, factor: float) -> None:
        """Older outcomes count less: the same factor for every value keeps comparisons fair."""
        self.fade_live(factor)
        for pairs in self.pairs.values():
            for pair in pairs.values():
                pair.fade(factor)

    def fade_live(self, factor: float) -> None:
        for cells in self.cells.values():
            for cell in cells.values():
                cell.fade(factor)

    def forget(self, value: str) -> None:
        """Drops what was learned about a value, after it has changed."""
        self.cells.pop(value, None)
        self.pairs.pop(value, None)

    def largest_patterns(self, most: int) -> list[str]:
        named = [(p, n) for p, n in self.seen.items() if p]
        return [p for p, _ in sorted(named, key=lambda pair: (-pair[1], pair[0]))[:most]]

    def redirect(self, redirects: dict[str, str]) -> None:
        """Moves the sums of patterns that live on under another id: {old: new}."""
        for old, new in redirects.items():
            self.seen[new] = self.seen.get(new, 0.0) + self.seen.pop(old, 0.0)
            for cells in self.cells.values():
                move_sums(cells, old, new, Cell)
            for pairs in self.pairs.values():
                move_sums(pairs, old, new, PairCell)

    def divide(self, whole: str, shares: dict[str, float]) -> None:
        """Deals what is known of a pattern out to its parts, {part: share}, the shares adding up to 1."""
        seen = self.seen.pop(whole, 0.0)
        self.seen.update({part: seen * share for part, share in shares.items()})
        for cells in self.cells.values():
            deal_sums(cells, whole, shares)
        for pairs in self.pairs.values():
            deal_sums(pairs, whole, shares)


def deal_sums(by_pattern: dict[str, Any], whole: str, shares: dict[str, float]) -> None:
    """Each part gets its share of the sums: the means stay what they are."""
    source = by_pattern.pop(whole, None)
    if source is not None:
        for part, share in shares.items():
            by_pattern[part] = copy = msgspec.structs.replace(source)
            copy.fade(share)


def move_sums(by_pattern: dict[str, Any], old: str, new: str, kind: type[msgspec.Struct]) -> None:
    source = by_pattern.pop(old, None)
    if source is not None:
        target = by_pattern.setdefault(new, kind())
        for name in kind.__struct_fields__:
            setattr(target, name, getattr(target, name) + getattr(source, name))


def open_scope(
    scopes: dict[ScopeKey, Scope],
    kinds: tuple[str, ...],
    kind: str,
    base: str,
    task: Task,
    cards: Cards,
) -> Scope | None:
    """The scope, added when it is new; None for a kind not in `kinds`, or past MOST_SCOPES."""
    key = (kind, task.task_type, base)
    scope = scopes.get(key)
    if scope is None and len(scopes) < MOST_SCOPES and kind in kinds:
        scope = Scope(kind, task.task_type, base, task.model_id, keep_settings(task, cards))
        scopes[key] = scope
    return scope
