"""The traffic of the demo: who asks what and when, and how each model serves it.

Everything is generated from a seed; nothing is measured. Each request has dice of its own, so that a
demo whose loading was interrupted goes on as if it had not been.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from integration.demo.texts.documents import KINDS as DOCUMENTS
from integration.demo.texts.grammar import TextWriter
from integration.demo.texts.help_desk import KINDS as HELP_DESK
from integration.demo.texts.operations import KINDS as OPERATIONS
from integration.demo.texts.request_kind import RequestKind
from integration.demo.texts.values import VALUES

DAYS, DAY_MS = 60, 86_400_000
TOTAL = 12_000
QUIET_WEEKENDS = 0.6  # share of the weekend's requests that are moved to another day
KINDS = [*HELP_DESK, *DOCUMENTS, *OPERATIONS]


@dataclass(frozen=True)
class DemoRequest:
    """A request of a user: `day` of the story, `timestamp` in ms since the epoch."""

    number: int
    timestamp: int
    day: float
    kind: RequestKind
    input: Any
    kept: dict[str, str]  # what the slots of the request were filled with

    @property
    def session_id(self) -> str:
        return f"demo-{self.number}"


def generate_requests(seed: int, now_ms: int, total: int = TOTAL) -> Iterator[DemoRequest]:
    """Requests, oldest first, over the last 60 days; fewer by night and at weekends."""
    dice = random.Random(seed)
    start = now_ms - DAYS * DAY_MS
    days = sorted(draw_moment(dice, start) for _ in range(total))
    for number, day in enumerate(days):
        own = random.Random(f"{seed} {number}")
        kinds = [kind for kind in KINDS if kind.since <= day < kind.until]
        kind = own.choices(kinds, [one.weight for one in kinds])[0]
        writer = TextWriter(own, VALUES)
        asked = writer.write_value(kind.input)
        yield DemoRequest(number, start + int(day * DAY_MS), day, kind, asked, writer.kept)


def draw_moment(dice: random.Random, start: int) -> float:
    """Days from the start: growing traffic, three in four requests in working hours."""
    day = draw_day(dice)
    if is_weekend(start, day) and dice.random() < QUIET_WEEKENDS:
        day = draw_day(dice)
    hour = dice.gauss(13, 3) if dice.random() < 0.75 else dice.uniform(0, 24)
    return min(DAYS - 0.001, day + min(23.9, max(0.0, hour)) / 24)


def draw_day(dice: random.Random) -> int:
    return int(DAYS * dice.random() ** 0.9)


def is_weekend(start: int, day: int) -> bool:
    return datetime.fromtimestamp(start / 1000 + day * 86_400, UTC).weekday() >= 5
