"""Small streams of interactions made from templates, without chance from outside."""

from __future__ import annotations

import random
from collections.abc import Sequence

from patterns.engine.domain.observation import Json, Observation

TEMPLATES = (
    "Summarize the following article for a busy reader in one paragraph.\n\nArticle: {}\n\nSummary:",
    "Translate the text below into formal French and keep every name as it is.\n\n{}",
    "You are given a customer review. Say whether its author is happy, sad or angry: {}",
)
TEXT = """river stone lamp garden window silver quiet market engine paper cloud winter music bread
ladder mirror forest candle pocket button harbor letter orange planet shadow ticket"""
WORDS = tuple(TEXT.split())


def observation(value: Json, number: int = 0, task_type: str = "") -> Observation:
    return Observation(
        id=f"o-{number}",
        input=value,
        timestamp=1_790_000_000.0 + number,
        output="fine",
        model_id="model-a",
        task_type=task_type,
        success=True,
    )


def filling(rng: random.Random) -> str:
    return " ".join(rng.choices(WORDS, k=rng.randint(6, 14)))


def prompts(count: int, seed: int = 0, templates: Sequence[str] = TEMPLATES) -> list[Observation]:
    """`count` prompts, the templates in turn."""
    rng = random.Random(seed)
    return [
        observation(templates[n % len(templates)].format(filling(rng)), n) for n in range(count)
    ]


def mixed(count: int, seed: int = 0) -> list[Observation]:
    """Prompts, log lines, JSON, calls, utterances and one-offs by turns."""
    rng = random.Random(seed)
    return [observation(_value(number, rng), number) for number in range(count)]


UTTERANCES = (
    ("please", "i want to", "can you", "how do i"),
    ("cancel", "track", "return", "change", "pay for"),
    ("my order", "the parcel", "a booking", "our invoice"),
)


def _value(number: int, rng: random.Random) -> Json:
    kind = number % 6
    if kind in (0, 1):
        return rng.choice(TEMPLATES).format(filling(rng))
    if kind == 2:
        return {
            "messages": [
                {"role": "system", "content": rng.choice(TEMPLATES)},
                {"role": "user", "content": filling(rng)},
            ]
        }
    if kind == 3:
        return {"city": rng.choice(WORDS), rng.choice(("day", "hour")): rng.randint(1, 9)}
    if kind == 4:
        return {"name": rng.choice(WORDS[:5]), "arguments": {"x": rng.random()}}
    return " ".join(rng.choice(part) for part in UTTERANCES) + f" {rng.choice(WORDS)}"
