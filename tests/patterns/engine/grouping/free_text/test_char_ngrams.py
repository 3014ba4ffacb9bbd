import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from patterns.engine.grouping.free_text.char_ngrams import BUCKETS, count_ngrams, scale_to_unit


def test_letters_count_whatever_the_case_and_marks() -> None:
    left, right = count_ngrams("Card NOT working!"), count_ngrams("card not, working")
    assert np.array_equal(left[0], right[0])
    assert np.array_equal(left[1], right[1])


def test_buckets_are_the_same_in_every_process() -> None:
    assert count_ngrams("cards")[0].tolist() == [6146, 6355, 6675, 7521]


def test_a_row_of_zeros_stays_zero() -> None:
    assert scale_to_unit(np.zeros((2, 3), dtype=np.float32)).tolist() == [[0, 0, 0], [0, 0, 0]]


@given(st.text(max_size=200))
def test_any_text_fills_ascending_buckets_in_range(text: str) -> None:
    found, counts = count_ngrams(text)
    assert found.tolist() == sorted(set(found.tolist()))
    assert all(0 <= bucket < BUCKETS for bucket in found)
    assert (counts > 0).all()
