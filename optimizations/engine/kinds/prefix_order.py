"""Puts stable message parts first, so that the provider's prompt cache can use them."""

from __future__ import annotations

import hashlib
from typing import ClassVar

import msgspec

from optimizations.engine.domain.outcome import Outcome
from optimizations.engine.domain.params import Cards, Params
from optimizations.engine.domain.settings import ModelCard, PolicySettings
from optimizations.engine.domain.task import Json, Request, Task
from optimizations.engine.kinds.protocol import Advice

SHARED = 0.2  # share of requests that must have a part in common; of a text that must recur
ENOUGH = 200  # requests before anything is said
RARE = 0.5  # share of the input tokens that came from the provider's cache: then it works
MOST_PARTS = 500
LONGEST = 20_000  # characters of a text that are compared


class PrefixNotes(msgspec.Struct):
    """What recurs in the requests of one task type and model, and at which position; bounded.

    `parts` counts the parts of callers that send some, `misplaced` the requests in which one that
    recurs followed one that varies. For all others the text of each request is compared with the
    one before: `prefix` characters are the same at its start, `later` ones after the first change.
    """

    requests: int = 0
    parts: dict[str, int] = msgspec.field(default_factory=dict)
    misplaced: int = 0
    cached: float = 0.0
    tokens: float = 0.0
    texts: int = 0
    last: str = ""
    length: float = 0.0
    prefix: float = 0.0
    later: float = 0.0

    def note(self, outcome: Outcome, treated: bool) -> None:
        self.tokens += outcome.input_tokens or 0.0
        self.cached += outcome.cached_input_tokens or 0.0
        if outcome.task.parts:
            if not treated:
                self.note_parts(outcome.task.parts)
        elif isinstance(outcome.task.input, dict | list | str):
            self.note_text(extract_text(outcome.task.input))

    def note_parts(self, parts: list[Json]) -> None:
        self.requests += 1
        digests = list(dict.fromkeys(digest_part(part) for part in parts))
        known = [self.parts.get(digest, 0) >= SHARED * self.requests for digest in digests]
        self.misplaced += known != sorted(known, reverse=True)
        for digest in digests:
            self.parts[digest] = self.parts.get(digest, 0) + 1
        if len(self.parts) > MOST_PARTS:
            self.parts = {k: n for k, n in self.parts.items() if n > 1}
            for rare in sorted(self.parts, key=lambda k: self.parts[k])[: -MOST_PARTS // 2]:
                self.parts.pop(rare)

    def note_text(self, text: str) -> None:
        if self.last and text != self.last:
            start = common_prefix(self.last, text)
            self.texts += 1
            self.length += len(text)
            self.prefix += start
            self.later += common_prefix(self.last[start:][::-1], text[start:][::-1])
        self.last = text

    def proposal(self, settings: PolicySettings) -> Params | None:
        """The change, when enough is shared, out of place, and rarely in the provider's cache."""
        if self.requests < ENOUGH or self.works or self.misplaced < SHARED * self.requests:
            return None
        stable = sorted(k for k, n in self.parts.items() if n >= SHARED * self.requests)
        return {"stable": list(stable)} if stable else None

    @property
    def works(self) -> bool:
        return self.cached > RARE * max(1.0, self.tokens)

    def advice(self, card: ModelCard | None, settings: PolicySettings) -> Advice | None:
        """A slot near the start of a long text that recurs: it breaks the prompt cache there."""
        if self.texts < ENOUGH or self.works or self.later < SHARED * self.length:
            return None
        if self.prefix >= SHARED * self.length:
            return None
        share, at = self.later / self.length, self.prefix / self.texts
        seen = self.texts + self.requests
        tokens = share * (self.tokens - self.cached) / seen
        figures: dict[str, Json] = {"share": share, "at": at, "tokens_per_request": tokens}
        text = (
            f"Text that changes after about {at:.0f} characters breaks the provider's prompt cache: "
            f"{share:.0%} of the input recurs after it. Move it to the end."
        )
        prices = card.prices if card else None
        if prices is not None and prices.input_per_1m is not None:
            saved = prices.input_per_1m - (prices.cached_input_per_1m or 0.0)
            figures["cost_per_1000"] = tokens * saved / 1000
            text += f" It costs up to {tokens * saved / 1000:.2g} per 1,000 requests."
        return Advice("volatile_prefix", text, figures)


class PrefixOrder:
    """Only for callers that send `parts`. Moves parts that recur before those that vary; the
    order within both groups stays. Proposed from `PrefixNotes`, tried like any other change."""

    name = "prefix_order"
    notes: ClassVar[type[PrefixNotes]] = PrefixNotes
    randomised = True

    def base(self, task: Task, cards: Cards) -> str | None:
        return task.model_id or None

    def candidates(self, task: Task, cards: Cards, settings: PolicySettings) -> list[Params]:
        return []  # what is stable has to be measured first: see `PrefixNotes.proposal`

    def apply(self, request: Request, task: Task, params: Params, cards: Cards) -> Task | None:
        stable = params.get("stable")
        if not task.parts or not isinstance(stable, list):
            return None
        ordered = sorted(task.parts, key=lambda part: digest_part(part) not in stable)
        return None if ordered == task.parts else msgspec.structs.replace(task, parts=ordered)

    def describe(self, params: Params) -> str:
        return "Put recurring parts first"


def digest_part(part: Json) -> str:
    raw = msgspec.json.encode(part, order="deterministic")
    return hashlib.blake2b(raw, digest_size=8).hexdigest()


def extract_text(value: Json) -> str:
    """The texts a model reads, in order, without the JSON around them."""
    if isinstance(value, str):
        return value[:LONGEST]
    messages = value.get("messages") if isinstance(value, dict) else value
    if not isinstance(messages, list):
        return ""
    texts = [m.get("content") for m in messages if isinstance(m, dict)]
    return "\n".join(text for text in texts if isinstance(text, str))[:LONGEST]


def common_prefix(one: str, other: str) -> int:
    """How many characters both texts share at their start; by bisection, since slices compare fast."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
