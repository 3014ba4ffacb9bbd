"""Stable message parts first, so that the provider's prompt cache can use them."""

from __future__ import annotations

import hashlib

import msgspec

from optimizations.engine.kind import Cards, Params
from optimizations.engine.settings import PolicySettings
from optimizations.engine.task import Json, Request, Task

SHARED = 0.2  # share of requests that must have a part in common
ENOUGH = 200  # requests before anything is proposed
MOST_PARTS = 500


class PrefixOrder:
    """Only for callers that send `parts`. Moves parts that recur before those that vary; the
    order within both groups stays. Proposed from `PartCounts`, tried like any other change."""

    name = "prefix_order"
    randomised = True

    def base(self, task: Task, cards: Cards) -> str | None:
        return task.model_id if task.parts and len(task.parts) > 1 else None

    def candidates(self, task: Task, cards: Cards, settings: PolicySettings) -> list[Params]:
        return []  # what is stable has to be measured first: see `PartCounts.proposal`

    def apply(self, request: Request, task: Task, params: Params, cards: Cards) -> Task | None:
        stable = params.get("stable")
        if not task.parts or not isinstance(stable, list):
            return None
        ordered = sorted(task.parts, key=lambda part: part_digest(part) not in stable)
        return None if ordered == task.parts else msgspec.structs.replace(task, parts=ordered)

    def describe(self, params: Params) -> str:
        return "Put the parts that recur first"


class PartCounts(msgspec.Struct):
    """How often each part recurs in one task type and model; bounded."""

    requests: int = 0
    parts: dict[str, int] = msgspec.field(default_factory=dict)
    cached: float = 0.0
    tokens: float = 0.0

    def note(self, parts: list[Json], input_tokens: float | None, cached: float | None) -> None:
        self.requests += 1
        for digest in dict.fromkeys(part_digest(part) for part in parts):
            self.parts[digest] = self.parts.get(digest, 0) + 1
        self.tokens += input_tokens or 0.0
        self.cached += cached or 0.0
        if len(self.parts) > MOST_PARTS:
            self.parts = {k: n for k, n in self.parts.items() if n > 1}
            for rare in sorted(self.parts, key=lambda k: self.parts[k])[: -MOST_PARTS // 2]:
                self.parts.pop(rare)

    def proposal(self) -> Params | None:
        """The change, when enough is shared and the provider's cache is hit rarely."""
        if self.requests < ENOUGH or self.cached > 0.5 * max(1.0, self.tokens):
            return None
        stable = sorted(k for k, n in self.parts.items() if n >= SHARED * self.requests)
        return {"stable": list(stable)} if stable else None


def part_digest(part: Json) -> str:
    raw = msgspec.json.encode(part, order="deterministic")
    return hashlib.blake2b(raw, digest_size=8).hexdigest()
