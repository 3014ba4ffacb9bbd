import pytest

from optimizations.engine.domain.task import Task
from optimizations.engine.kinds.request_keys import (
    asked_text,
    context_parts,
    digest,
    normalize_spacing,
    points_at_now,
)


def chat(text: str, system: str = "Be kind.") -> Task:
    messages = [{"role": "system", "content": system}, {"role": "user", "content": text}]
    return Task("m", {"messages": messages, "tenant": "north"}, "t")


def test_the_text_that_is_asked_is_the_last_message_or_the_input_itself() -> None:
    assert asked_text(chat("Where is it?").input) == "Where is it?"
    assert asked_text("Where is it?") == "Where is it?"
    assert asked_text({"order": 7}) == ""


def test_all_but_that_text_is_compared_to_the_letter() -> None:
    assert context_parts(chat("one")) == context_parts(chat("other"))
    assert context_parts(chat("one")) != context_parts(chat("one", system="Be brief."))


def test_the_order_of_keys_does_not_matter() -> None:
    assert digest({"a": 1, "b": [2]}) == digest({"b": [2], "a": 1})


def test_questions_about_the_moment_are_known() -> None:
    assert points_at_now(Task("m", "What is the rate now?"))
    assert not points_at_now(Task("m", "What is a rate?"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Where  is my card?", "Where is my card? "),
        ("Where is the café?", "Where is the cafe\u0301?\n"),
        ("I'm  late, don't wait", "I'm late, don't wait"),
    ],
)
def test_spaces_and_encoding_say_nothing_about_a_line(one: str, other: str) -> None:
    assert normalize_spacing(one) == normalize_spacing(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("if a:\n    b", "if a:\n  b"),
        ("a\t\tb", "a\tb"),
        ("sum 1  3", "sum 1 3"),
        ("split 'a  b'", "split 'a b'"),
        ("is `a  b` right", "is `a b` right"),
        ("Where is it?", "where is it?"),
        ("Where is it?", "Where is it"),
        ("a|  |b", "a| |b"),
    ],
)
def test_where_the_layout_may_be_the_matter_it_counts(one: str, other: str) -> None:
    assert normalize_spacing(one) != normalize_spacing(other)
