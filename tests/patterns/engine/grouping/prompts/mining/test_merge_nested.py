"""Slot text that recurs makes no template of its own; two phrases in one place make two."""

from __future__ import annotations

import random
from collections.abc import Callable

from patterns.engine.grouping.prompts.mining.miner import mine_templates
from patterns.engine.text.tokens import BETWEEN, token_keys

SENTENCES = [
    "The parcel never arrived at our door.",
    "My invoice shows the wrong address again.",
    "Nobody answers the phone on Mondays.",
    "The lamp broke after two days of use.",
    "We need forty chairs for the spring party.",
    "Please send someone who can repair the heater.",
]


def story(rng: random.Random) -> str:
    return " ".join(rng.choice(SENTENCES) for _ in range(rng.randint(2, 5)))


def templates(*makers: Callable[[random.Random], str], times: int = 40) -> list[set[int]]:
    rng = random.Random(3)
    owners = [number for number in range(len(makers)) for _ in range(times)]
    texts = [token_keys(makers[number](rng)) for number in owners]
    return [{owners[text] for text in found.texts} for found in mine_templates(texts) or []]


def test_a_closing_that_many_texts_have_is_no_template() -> None:
    def ticket(rng: random.Random) -> str:
        closing = rng.choice(["", "", "", f"\nRegards, {rng.choice('ABCDE')}na"])
        return f"Summarise the following ticket in one sentence:\n\n{story(rng)}{closing}"

    assert templates(ticket) == [{0}]


def test_questions_under_one_system_prompt_are_one_template() -> None:
    system = "You are the weather desk of a small airport. Use the tools you have."
    asked = ["Will it rain in {}?", "How cold is it in {}?", "and in {}?"]

    def turn(rng: random.Random) -> str:
        place = rng.choice(["Graz", "Oslo", "Lima", "Kyoto", "Quito", "Bern"])
        return f"{system}{BETWEEN}{rng.choice(asked).format(place)}"

    assert templates(turn, times=60) == [{0}]


def test_two_phrases_in_one_place_are_two_templates() -> None:
    found = templates(
        lambda rng: f"Summarise the article below in one sentence.\n\nArticle:\n{story(rng)}",
        lambda rng: (
            f"Summarise the article below in three bullet points.\n\nArticle:\n{story(rng)}"
        ),
    )
    assert {frozenset(one) for one in found} == {frozenset({0}), frozenset({1})}
