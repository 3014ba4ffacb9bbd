from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from patterns.engine.templates.gap_statistics import UNSEEN, Cohesion, Gaps, measure_shape_cohesion
from patterns.engine.text.ngrams import hash_runs

FRAME = "Read the note of the guest and answer in a friendly tone: {} Thank you for that."
RAIN = "does it rain in {} today", "can we hope that {} is dry"


def cohesion(texts: Sequence[str]) -> Cohesion:
    """As after a repair: what all the texts share is the template."""
    gaps = Gaps()
    anchors = frozenset.intersection(*(frozenset(hash_runs(text)) for text in texts))
    for text in texts:
        gaps.add(text, anchors)
    return gaps.cohesion()


def words(number: int, width: int = 3) -> str:
    return " ".join(chr(97 + number) * 2 + place for place in "bdfhklmn"[:width])


def test_a_slot_with_other_words_each_time_divides_nothing() -> None:
    found = cohesion([FRAME.format(words(n)) for n in range(12)])
    assert (found.divided, found.chosen, found.bound, found.paired) == (0, 0, 0, 0)
    assert found.seen == 12


def test_two_instructions_in_one_gap_divide_the_pattern() -> None:
    found = cohesion([FRAME.format(RAIN[n % 2].format(words(n))) for n in range(12)])
    assert found.divided > 0.4
    assert found.chosen == 0


def test_a_gap_filled_with_one_of_a_few_phrases_is_chosen_not_divided() -> None:
    found = cohesion([FRAME.format(("yes or no", "in one word")[n % 2]) for n in range(12)])
    assert found.chosen > 0.4
    assert found.divided == 0


def test_single_words_that_change_together_bind_some_texts() -> None:
    pairs = (("search", "page"), ("table", "query"))
    text = "You may use {} for that, or if you must {} for this, and then say: {}"
    together = [text.format(*pairs[n % 2], words(n)) for n in range(12)]
    apart = [text.format(pairs[n % 2][0], pairs[n // 6][1], words(n)) for n in range(12)]
    assert cohesion(together).bound == 0.5
    assert cohesion(apart).bound == 0


def test_a_gap_with_one_of_two_words_is_paired() -> None:
    text = "Write a {} letter to the people of the town about {}"
    two = [text.format(("kind", "cold")[n % 3 > 0], words(n)) for n in range(12)]
    three = [text.format(("kind", "cold", "warm")[n % 3], words(n)) for n in range(12)]
    assert cohesion(two).paired == 0.3333
    assert cohesion(three).paired == 0


def test_what_all_texts_have_in_a_gap_divides_nothing() -> None:
    gaps = Gaps()
    for number in range(6):
        gaps.add(f"the very same words here {words(number)}", frozenset())
    assert gaps.cohesion().divided == 0


def test_a_text_much_longer_than_the_others_is_strange() -> None:
    found = cohesion([FRAME.format(words(n)) for n in range(12)])
    assert found.strangeness(20) < 1 < 3 < found.strangeness(200)
    assert UNSEEN.strangeness(200) == 0


def test_the_order_of_texts_does_not_matter() -> None:
    texts = [FRAME.format(RAIN[n % 3 > 0].format(words(n))) for n in range(12)]
    assert cohesion(texts) == cohesion(texts[::-1])


def test_keys_that_never_meet_divide_objects() -> None:
    kinds = [("size", "item"), ("size", "price")]
    assert measure_shape_cohesion([kinds[n % 2] for n in range(12)]).divided > 0.4
    optional = [
        ("size", *("item" for _ in range(n % 2)), *("price",) * (n % 3 > 0)) for n in range(12)
    ]
    assert measure_shape_cohesion(optional).divided < 0.1


def test_objects_with_the_same_keys_are_one_kind() -> None:
    found = measure_shape_cohesion([("size", "item")] * 5)
    assert (found.divided, found.chosen) == (0, 0)


@settings(deadline=None)
@given(st.lists(st.text(max_size=60), max_size=8))
def test_any_texts_have_shares_between_0_and_1(texts: Sequence[str]) -> None:
    gaps = Gaps()
    for text in texts:
        gaps.add(text, frozenset(hash_runs(texts[0])[::2]))
    found = gaps.cohesion()
    assert all(0 <= one <= 1 for one in (found.divided, found.chosen, found.bound, found.paired))
    assert isinstance(found, Cohesion)
