"""Which prompts are found to be of one template."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import pytest

from patterns.engine.grouping.prompts.mining.miner import mine_templates
from patterns.engine.text.tokens import token_keys
from tests.patterns.engine.streams import WORDS

SYLLABLES = ["ka", "lo", "mi", "ru", "te", "sa", "vo", "ne", "pi", "du"]
Filler = Callable[[random.Random], str]


def words(rng: random.Random, least: int = 5, most: int = 25) -> str:
    """Text of hundreds of made-up and some usual words, never twice the same."""
    made = ["".join(rng.choices(SYLLABLES, k=rng.randint(2, 4))) for _ in range(most)]
    return " ".join(rng.sample([*made, *WORDS], k=rng.randint(least, most)))


def grouped(templates: Sequence[tuple[str, int]], seed: int = 0, **slots: Filler) -> list[set[int]]:
    """For each mined group the numbers of the templates whose texts it has."""
    rng = random.Random(seed)
    texts, labels = [], []
    for number, (template, count) in enumerate(templates):
        for _ in range(count):
            values = {name: fill(rng) for name, fill in ({"t": words} | slots).items()}
            values["u"] = words(rng)
            texts.append(template.format(**values))
            labels.append(number)
    order = rng.sample(range(len(texts)), len(texts))
    found = mine_templates([token_keys(texts[i]) for i in order])
    assert found is not None
    return [{labels[order[i]] for i in one.texts} for one in found if len(one.texts) > 1]


def any_of(*values: str) -> Filler:
    return lambda rng: rng.choice(values)


QUESTION = "Read the passage and decide whether the claim below it is supported.\n{t}\nClaim: {u}"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (" Yes or no?", " Yes, no, or maybe?"),
        ("", " Answer with true or false."),
        ("\nExplain in one sentence.", "\nExplain in three sentences."),
    ],
)
def test_templates_that_differ_in_a_phrase_are_two(one: str, other: str) -> None:
    found = grouped([(QUESTION + one, 40), (QUESTION + other, 14)])
    assert sorted(map(sorted, found)) == [[0], [1]]


def test_lists_of_other_tools_make_another_template_however_often_a_step_repeats() -> None:
    start = (
        "Solve the task step by step, one thought at a time, with no more than these actions:\n"
        "- {}[input]\n- {}[input]\nTask: {{t}}\n"
    )
    step = "Thought: I should look up {u}.\nObservation: {t}\n"
    web, data = start.format("search", "open_page"), start.format("list_tables", "run_sql")
    found = grouped([(web, 30), (web + step * 2, 20), (data, 16), (data + step * 2, 9)])
    assert sorted(map(sorted, found)) == [[0, 1], [2, 3]]


def test_a_section_with_a_value_of_its_own_is_optional() -> None:
    mail = "Write an e-mail to {u}.\nPurpose: {t}\n"
    with_deadline = mail + "Mention the deadline 2026-05-05.\nSign as the support team."
    assert grouped([(mail + "Sign as the support team.", 30), (with_deadline, 20)]) == [{0, 1}]


def test_a_short_value_out_of_a_few_is_a_slot() -> None:
    products = any_of("coffee grinder", "desk lamp", "rain jacket", "keyboard", "garden hose")
    found = grouped([("I want a refund for the {p} I bought: {t}", 200)], p=products)
    assert found == [{0}]


def test_small_templates_are_found_though_their_texts_end_alike() -> None:
    starts = ("Similar sense of", "Say what this asks", "Now name the topic", "Put it shorter")
    templates = [(f"{start}: {{t}}{end}", 2) for start in starts for end in ("?", ".", "")]
    other = [("Complete the longer task described in the lines below.\n{t}\n{u}", 60)]
    found = [group for group in grouped(templates + other) if 12 not in group]
    assert sorted(map(sorted, found)) == [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9, 10, 11]]


def test_identifiers_are_of_one_kind_whatever_their_letters() -> None:
    found = grouped(
        [("Where is order {o} and when does it come? {t}", 60)],
        o=lambda rng: f"{rng.choice('ABXZ')}{rng.randint(10_000, 99_999)}",
    )
    assert found == [{0}]
