"""An instruction on lines of its own outweighs passages that recur in what it is about."""

from __future__ import annotations

import random

from patterns.engine.text.tokens import BETWEEN
from tests.patterns.engine.grouping.prompts.mining.groups import find_groups

# What customers write: a few sentences make up most messages, whatever the task.
SENTENCES = [
    "The parcel {n} has been on its way for {d} days and nobody answers.",
    "Please send the invoice again, the old one names the wrong street.",
    "I was charged twice for the same order and want the money back.",
    "Could the visit be moved to another day, we are away that week?",
    "The app closes by itself whenever I press the green button.",
    "Your colleague was very kind and solved it within minutes.",
]
NAMES = ["Ada Hill", "Bo Lind", "Cy Moor", "Dee Park", "Eli Rao", "Fay Sun", "Gus Tarr"]
INSTRUCTION = "which departments are concerned? names only, most urgent first"


def message(rng: random.Random) -> str:
    said = rng.sample(SENTENCES, rng.randint(1, 3))
    return " ".join(said).format(n=rng.randint(1000, 9999), d=rng.randint(2, 90))


def make_texts(form: str, count: int, seed: int = 0) -> list[str]:
    rng = random.Random(seed)
    return [form.format(message(rng)) for _ in range(count)]


def test_an_instruction_above_sentences_that_recur_is_one_group() -> None:
    texts = make_texts(INSTRUCTION + "\n\n{}", 60)

    assert find_groups(texts) == [set(texts)]


def test_it_is_the_same_group_where_some_have_the_instruction_below() -> None:
    above = make_texts(INSTRUCTION + "\n\n{}", 60)
    below = make_texts("{}\n\n" + INSTRUCTION, 3, seed=1)

    assert find_groups(above + below) == [{*above, *below}]


def test_another_instruction_over_the_same_sentences_is_another_group() -> None:
    first = make_texts(INSTRUCTION + "\n\n{}", 60)
    second = make_texts(
        "answer this customer in two friendly lines, without emoji\n\n{}", 60, seed=1
    )

    assert sorted(map(len, find_groups(first + second))) == [len(set(first)), len(set(second))]


def test_a_closing_line_gathers_no_texts_of_different_tasks() -> None:
    tasks = [
        "Write a mail that declines the offer of {}.",
        "Remind {} of the open invoice, kindly.",
    ]
    rng = random.Random(2)
    texts = [
        task.format(f"{rng.choice('ABCDEFG')}{rng.randint(10, 99)} & Sons")
        + "\n"
        + message(rng)
        + ("\nSent from my old phone" if rng.random() < 0.4 else "")
        for task in tasks
        for _ in range(40)
    ]

    for group in find_groups(texts):
        assert len({text[:5] for text in group}) == 1


def test_two_closing_instructions_under_one_first_line_stay_two_groups() -> None:
    head = "Read the message of a customer.\n\n{}\n\n"
    yes = make_texts(head + "Is the customer angry? Answer yes or no.", 40)
    what = make_texts(head + "Name the product it is about, one word.", 40, seed=1)

    assert sorted(map(len, find_groups(yes + what))) == [len(set(yes)), len(set(what))]


def test_three_words_in_one_place_of_an_instruction_are_values_of_a_slot() -> None:
    line = "Compare the two offers for a buyer who cares about {} most.\n\n{{}}"
    texts = [
        text
        for seed, word in enumerate(("noise", "weight", "price", "repair"))
        for text in make_texts(line.format(word), 15, seed=seed)
    ]

    assert find_groups(texts) == [set(texts)]


def test_two_words_in_one_place_are_two_instructions() -> None:
    line = "Answer the message below for a reader who wants {} answers from us.\n\n{{}}"
    one, other = (make_texts(line.format(word), 30, seed=3) for word in ("short", "polite"))

    assert sorted(map(len, find_groups(one + other))) == [len(set(one)), len(set(other))]


def test_a_sentence_that_announces_its_data_is_one_task_whatever_recurs_in_the_data() -> None:
    lines = [
        "the so-called 'fix' in {n} won't help {who}'s shop",
        "'{who} wins the night race', wrote {who}",
        "rock 'n' roll in the '{d} bar, {who}",
    ]
    rng = random.Random(3)
    texts = [
        "Don't translate, just mend the quotation marks in this line: "
        + rng.choice(lines).format(
            n=rng.randint(1000, 9999), d=rng.randint(10, 99), who=rng.choice(NAMES)
        )
        for _ in range(60)
    ]

    assert find_groups(texts) == [set(texts)]


def test_a_line_with_two_words_chosen_from_a_few_is_one_instruction() -> None:
    rng = random.Random(4)
    texts = [
        f"convert from {rng.choice(['HTML', 'YAML', 'plain text', 'JSON lines'])} to "
        f"{rng.choice(['XML', 'INI', 'TOML', 'a table'])}, output only and no remark:\n\n"
        f"{message(rng)}"
        for _ in range(160)
    ]

    assert find_groups(texts) == [set(texts)]


def test_a_text_with_nothing_behind_its_instruction_belongs_to_it() -> None:
    agent = "You register claims over the telephone. Read every number back digit by digit."
    rng = random.Random(5)
    asked = {f"{agent}{BETWEEN}{message(rng)}" for _ in range(30)}
    silent = f"{agent}{BETWEEN}(empty input)"

    assert find_groups([*asked, silent]) == [{*asked, silent}]
