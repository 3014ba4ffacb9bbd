"""Texts that differ at one place, by values: they are one task from three values on."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from tests.patterns.engine.grouping.prompts.mining.groups import find_groups

FIRST = ["omar", "boris", "sofia", "wei", "lena", "ines", "juan", "mia"]
LAST = ["haddad", "zhang", "rossi", "okafor", "nowak", "silva", "kim", "berg", "diaz", "roy"]
THINGS = ["glass", "rust", "tides", "moss", "salt", "amber", "wool", "steam", "chalk", "peat"]
AGENTS = [
    "Captain Brine, a retired pirate",
    "Bo, a very tired sheepdog",
    "Dr. Okonjo, a strict dentist",
    *(f"{first.title()} {last.title()}" for first, last in zip(FIRST, LAST, strict=False)),
]


def pick(rng: random.Random, values: Sequence[str]) -> str:
    return rng.choice(values)


def thing(rng: random.Random) -> str:
    return f"{pick(rng, THINGS)} {pick(rng, THINGS)}"


def test_first_names_that_recur_before_other_last_names_are_values() -> None:
    rng = random.Random(1)
    names = [pick(rng, FIRST) for _ in range(15)]
    names += [f"{pick(rng, FIRST[:3])} {pick(rng, LAST)}" for _ in range(25)]
    texts = [f"Summarise user {name}" for name in dict.fromkeys(names)]

    assert find_groups(texts) == [set(texts)]


def test_what_may_follow_the_last_word_makes_no_other_task() -> None:
    rng = random.Random(2)
    texts = [
        f"Write a {pick(rng, ['long', 'short', 'four-line'])} poem for {pick(rng, FIRST)} who likes "
        f"{thing(rng)}. The poem must not rhyme."
        + (f" Mention: {thing(rng)}{pick(rng, '?!.')}" if rng.random() < 0.3 else "")
        for _ in range(90)
    ]

    assert find_groups(texts) == [set(texts)]


def test_three_ways_to_close_one_of_them_empty_are_values() -> None:
    rng = random.Random(3)
    closings = ["", ", no hashtags", " with one emoji each"]
    texts = [
        f"Write {rng.randint(2, 9)} posts about {thing(rng)} in the voice of "
        f"{thing(rng).title()}{pick(rng, closings)}"
        for _ in range(60)
    ]

    assert find_groups(texts) == [set(texts)]


def test_two_ways_to_close_are_two_tasks() -> None:
    rng = random.Random(4)
    texts = [
        f"List what {thing(rng)} and {thing(rng)} have in common{closing}"
        for closing in (" in one sentence.", " as three bullet points.")
        for _ in range(30)
    ]

    assert sorted(map(len, find_groups(texts))) == sorted(
        len({text for text in texts if text.endswith(closing)})
        for closing in (" in one sentence.", " as three bullet points.")
    )


def test_long_values_that_recur_in_a_slot_are_values() -> None:
    rng = random.Random(5)
    texts = [
        f"You are {pick(rng, AGENTS)}. Stay in character and never say that you are a program.\n"
        f"{thing(rng)} or {thing(rng)}?"
        for _ in range(120)
    ]

    assert find_groups(texts) == [set(texts)]


@pytest.mark.parametrize("audience", [("nurses in their first year", "visitors of an open day")])
def test_a_longer_phrase_in_one_place_is_a_value_beside_others(audience: tuple[str, ...]) -> None:
    rng = random.Random(6)
    people = [*audience, "someone in a hurry", "my grandmother", "a ten-year-old"]
    texts = [
        f"Explain {thing(rng)} to {pick(rng, people)} in {rng.randint(2, 9)} sentences."
        for _ in range(90)
    ]

    assert find_groups(texts) == [set(texts)]
