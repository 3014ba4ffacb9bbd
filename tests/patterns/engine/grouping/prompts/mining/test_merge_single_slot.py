"""Texts that differ at one place, by values: they are one task from three values on."""

from __future__ import annotations

import random

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


def thing(rng: random.Random) -> str:
    return f"{rng.choice(THINGS)} {rng.choice(THINGS)}"


def test_first_names_that_recur_before_other_last_names_are_values() -> None:
    rng = random.Random(1)
    names = [rng.choice(FIRST) for _ in range(15)]
    names += [f"{rng.choice(FIRST[:3])} {rng.choice(LAST)}" for _ in range(25)]
    texts = [f"Summarise user {name}" for name in dict.fromkeys(names)]

    assert find_groups(texts) == [set(texts)]


def test_what_may_follow_the_last_word_makes_no_other_task() -> None:
    rng = random.Random(2)
    texts = [
        f"Write a {rng.choice(['long', 'short', 'four-line'])} poem for {rng.choice(FIRST)} who likes "
        f"{thing(rng)}. The poem must not rhyme."
        + (f" Mention: {thing(rng)}{rng.choice('?!.')}" if rng.random() < 0.3 else "")
        for _ in range(90)
    ]

    assert find_groups(texts) == [set(texts)]


def test_three_ways_to_close_one_of_them_empty_are_values() -> None:
    rng = random.Random(3)
    closings = ["", ", no hashtags", " with one emoji each"]
    texts = [
        f"Write {rng.randint(2, 9)} posts about {thing(rng)} in the voice of "
        f"{thing(rng).title()}{rng.choice(closings)}"
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
        f"You are {rng.choice(AGENTS)}. Stay in character and never say that you are a program.\n"
        f"{thing(rng)} or {thing(rng)}?"
        for _ in range(120)
    ]

    assert find_groups(texts) == [set(texts)]


def test_a_longer_phrase_in_one_place_is_a_value_beside_others() -> None:
    rng = random.Random(6)
    people = ["nurses in their first year", "visitors of an open day", "someone in a hurry"]
    people += ["my grandmother", "a ten-year-old"]
    texts = [
        f"Explain {thing(rng)} to {rng.choice(people)} in {rng.randint(2, 9)} sentences."
        for _ in range(90)
    ]

    assert find_groups(texts) == [set(texts)]
