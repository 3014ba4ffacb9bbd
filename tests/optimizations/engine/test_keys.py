import pytest

from optimizations.engine.keys import answer_keys, momentary
from optimizations.engine.task import Task


def key(text: str, level: str = "content", system: str = "Be kind.", **parameters: float) -> str:
    messages = [{"role": "system", "content": system}, {"role": "user", "content": text}]
    return answer_keys(Task("m", {"messages": messages}, "t", dict(parameters)))[level]


def test_case_spacing_and_punctuation_do_not_matter_to_the_normal_key() -> None:
    assert key("Where is  my order?", "normal") == key("where is my ORDER", "normal")
    assert key("Where is  my order?", "exact") != key("where is my ORDER", "exact")


def test_politeness_does_not_matter_to_the_content_key() -> None:
    assert key("Hello, please block the card") == key("Block card")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("My PIN is blocked", "My PIN is not blocked"),
        ("Send 50 euros", "Send 500 euros"),
        ("Send 5.0 euros", "Send 50 euros"),
        ("Send 50 euros", "Send 50 pounds"),
        ("Send $50", "Send €50"),
        ("Due on 2026-01-02", "Due on 2026-02-01"),
        ("Send it to Ana", "Send it to Bob"),
        ("I can pay", "I can't pay"),
        ("-5 degrees", "5 degrees"),
    ],
)
def test_what_changes_the_answer_changes_every_key(one: str, other: str) -> None:
    assert all(key(one, level) != key(other, level) for level in ("exact", "normal", "content"))


def test_another_system_prompt_or_parameter_is_another_request() -> None:
    assert key("Hi there") != key("Hi there", system="Be brief.")
    assert key("Hi there") != key("Hi there", temperature=0.5)


def test_questions_about_the_moment_are_known() -> None:
    assert momentary(Task("m", "What is the rate now?"))
    assert not momentary(Task("m", "What is a rate?"))
