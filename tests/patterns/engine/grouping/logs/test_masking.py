from hypothesis import given
from hypothesis import strategies as st

from patterns.engine.grouping.logs.masking import (
    LONGEST,
    LONGEST_TEXT,
    mask_line,
    split_line,
    trim_line,
)


def test_values_become_holes_and_words_stay() -> None:
    found = mask_line("Read 12.5 KB from /srv/data/a.bin at 10.0.0.7:80 by job_17")
    assert found == ("Read", "#", "from", "#", "at", "#", "by", "#")


def test_a_negative_number_reads_like_a_positive_one() -> None:
    assert mask_line("boot = -4131, done") == mask_line("boot = 856, done")


def test_a_host_and_its_port_are_one_value() -> None:
    assert mask_line("dial gateway-7.local:443 failed") == mask_line("dial 10.0.0.1:8080 failed")


def test_lists_of_any_length_have_one_skeleton() -> None:
    two, four = "nodes n1 up, n2 up", "nodes n1 up, n2 up, n3 up, n4 up"
    assert mask_line(two + ".") == mask_line(four + ".")


def test_a_list_of_values_is_one_value_of_any_length() -> None:
    one, three = (f"copy to {hosts} ok" for hosts in ("10.0.0.1:80", "10.0.0.1:80, b2:81, b3:82"))
    assert mask_line(one) == mask_line(three) == ("copy", "to", "#", "ok")


def test_words_listed_in_brackets_are_one_value() -> None:
    two, four = (f"assigned [{words}]" for words in ("red, blue", "red, green, blue, grey"))
    assert mask_line(two) == mask_line(four) == ("assigned", "[", "#", "]")


def test_one_word_in_brackets_and_pairs_in_brackets_stay() -> None:
    assert mask_line("level [warn] set") == ("level", "[", "warn", "]", "set")
    assert "=" in mask_line("flags [fast=yes, safe=no]")


def test_the_query_of_a_path_belongs_to_it() -> None:
    assert mask_line("GET /shop/cart?id=7&x=y done") == mask_line("GET /shop/cart done")


def test_words_that_repeat_without_values_are_kept() -> None:
    assert mask_line("very very long") == ("very", "very", "long")


def test_a_unicode_form_makes_no_difference() -> None:
    assert mask_line("Caf\u00e9 opened at 7") == mask_line("Cafe\u0301 opened at 9")


def test_a_huge_text_has_a_bounded_skeleton() -> None:
    assert len(mask_line("word, " * 100_000)) <= LONGEST
    assert len(trim_line("x" * 100_000)) <= LONGEST_TEXT + 3


@given(st.text(max_size=300))
def test_pieces_of_any_text_lie_in_it_in_order(text: str) -> None:
    found = split_line(trim_line(text))
    assert all(piece.start < piece.end <= len(trim_line(text)) for piece in found)
    assert [piece.start for piece in found] == sorted(piece.start for piece in found)
