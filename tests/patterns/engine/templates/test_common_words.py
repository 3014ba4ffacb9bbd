"""Words that the fillings of a gap have in common."""

from __future__ import annotations

import random
from itertools import product

from patterns.engine.templates.common_words import find_wording
from patterns.engine.templates.gap_words import Wording
from tests.patterns.engine.streams import WORDS

THINGS = ("lamp", "coffee grinder", "rain jacket", "hose")
CITIES = ("Lyon", "Porto", "New York")
SHIPPED = [f"{thing} ships from {city}" for thing, city in product(THINGS, CITIES)]


def test_words_that_all_fillings_share_once_are_static() -> None:
    assert find_wording(2, SHIPPED) == Wording(2, [["ships", "from"]])


def test_marks_and_repeated_words_beside_a_static_word_belong_to_it() -> None:
    fillings = [f"{city}: a {thing} of the day of" for thing, city in product(THINGS, CITIES)]
    found = find_wording(0, fillings)
    assert found == Wording(0, [[":", "a"], ["of", "the", "day", "of"]], last=False)


def test_marks_alone_are_no_static_text() -> None:
    assert find_wording(0, [f"{thing}, {city}" for thing, city in product(THINGS, CITIES)]) is None


def test_a_few_fillings_say_nothing() -> None:
    assert find_wording(0, SHIPPED[:7]) is None


def test_a_word_that_some_fillings_have_twice_is_not_static() -> None:
    fillings = [f"{'from ' * (n % 4 == 0)}{text}" for n, text in enumerate(SHIPPED)]
    assert find_wording(0, fillings) == Wording(0, [["ships", "from"]])
    assert find_wording(0, [text.replace("ships ", "") for text in fillings]) is None


def test_free_text_is_left_alone() -> None:
    rng = random.Random(7)
    long = [f"{' '.join(rng.choices(WORDS, k=20))} the {rng.choice(WORDS)}" for _ in range(30)]
    uneven = [f"{' '.join(rng.choices(WORDS, k=n % 9))} the {rng.choice(WORDS)}" for n in range(30)]
    assert find_wording(0, long) is None
    assert find_wording(0, uneven) is None


def test_words_in_another_order_are_left_out() -> None:
    turned = [f"{a} via {b} by {c}" for a, b, c in product("pq", "rst", "uv")]
    turned += [f"{a} by {b} via {c}" for a, b, c in product("pq", "rst", "uv")]
    found = find_wording(0, turned)
    assert found is None or len(found.runs) == 1


def test_the_order_of_the_texts_does_not_matter() -> None:
    assert find_wording(0, SHIPPED[::-1]) == find_wording(0, SHIPPED)
