from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from patterns.engine.grouping.method_choice import choose_method, describe_texts

WORDS = [f"{a}{b}" for a in "bdfgklmnprst" for b in ("ando", "ile", "ura", "eth", "om", "ista")]


def prose(rng: random.Random, least: int, most: int) -> str:
    return " ".join(rng.choices(WORDS, k=rng.randint(least, most)))


def logs(rng: random.Random) -> str:
    kinds = ("user {} logged in from 10.0.0.{}", "job {} took {} ms", "disk {} is {} % full")
    return rng.choice(kinds).format(rng.randint(1, 999), rng.randint(1, 99))


def prompts(rng: random.Random) -> str:
    kinds = (
        "Summarise the article below in one line.\n\n{}",
        "Translate this to French: {}. Thanks",
    )
    return rng.choice(kinds).format(prose(rng, 2, 30))


def short_requests(rng: random.Random) -> str:
    goods = prose(rng, 1, 2)
    who = prose(rng, 1, 2)
    kinds = (
        "Refund the {goods} of order {order}.",
        "Plan the visit of {who} on 2026-05-{day}.",
        "Send {who} the invoice INV-{order}.",
        "Is the {goods} of {who} due on 2026-05-{day}?",
    )
    values = {"order": rng.randint(1000, 9999), "day": rng.randint(10, 28)}
    return rng.choice(kinds).format(goods=goods, who=who, **values)


def wishes(rng: random.Random) -> str:
    return prose(rng, 3, 9)


@pytest.mark.parametrize(
    ("kind", "method"),
    [(logs, "drain"), (prompts, "prompt"), (short_requests, "prompt"), (wishes, "similarity")],
)
def test_each_kind_of_text_gets_its_method(
    kind: Callable[[random.Random], str], method: str
) -> None:
    rng = random.Random(5)
    assert choose_method([kind(rng) for _ in range(400)]) == method


def test_too_few_texts_decide_nothing() -> None:
    rng = random.Random(5)
    assert choose_method([logs(rng) for _ in range(10)]) == "prompt"
    assert choose_method([wishes(rng) for _ in range(60)]) == "prompt"
    assert choose_method([]) == "prompt"


def test_order_and_repetition_do_not_count() -> None:
    rng = random.Random(5)
    texts = [logs(rng) for _ in range(200)]
    assert describe_texts(texts) == describe_texts([*texts[::-1], *texts])


def test_texts_of_several_lines_are_prompts_however_alike() -> None:
    texts = [f"Job {n} failed.\nExplain why, for node n-{n}.\nTwo lines." for n in range(60)]

    assert choose_method(texts) == "prompt"


def test_one_short_task_with_amounts_and_dates_in_all_spellings_is_a_prompt() -> None:
    amounts = ["{} kr", "(€{})", "{} points", "about {}", "{} and a bit", "nearly {} hours"]
    texts = [
        f"Invoice of 2026-01-{n % 28 + 1:02d} over {amounts[n % 6].format(n)}. Last day to pay?"
        for n in range(120)
    ]

    assert choose_method(texts) == "prompt"
