"""Values that vary by nature carry their type."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from patterns.engine.text import tokens
from patterns.engine.text.tokens import BETWEEN, EDGE, TURN, token_keys, tokenize

# What tokens begin and end with, in any order, with and without blanks.
PARTS = ["word", "Mr.", "e.g.", "a.b", "x@y.org", "ftp://q/r", "12.5", "2026-01-02", "don't", "a_b"]
PARTS += [
    " ",
    "  ",
    "\n",
    " \n ",
    "\t",
    "\x1e",
    BETWEEN,
    "```",
    "`",
    "é",
    "名",
    ",",
    '"',
    ")",
    ":",
    "-",
]
texts = st.lists(st.sampled_from(PARTS), max_size=14).map("".join)


def test_values_are_typed_and_words_stay() -> None:
    keys = token_keys("Order AC-17 for a@b.org at https://x.io/1 on 2026-01-02: 12.5")
    assert keys == [
        "Order",
        "<id>",
        "for",
        "<email>",
        "at",
        "<url>",
        "on",
        "<date>",
        ":",
        "<number>",
    ]


def test_a_block_of_code_is_one_value() -> None:
    assert token_keys("Review:\n```\nx = 1\n```\nThanks") == [
        "Review",
        ":",
        "\n",
        "<code>",
        "\n",
        "Thanks",
    ]


def test_of_a_long_text_both_ends_are_kept() -> None:
    keys = token_keys("first " + "middle " * 5000 + "last")
    assert len(keys) == 2 * EDGE
    assert (keys[0], keys[-1]) == ("first", "last")


def slowly(text: str) -> list[tuple[str, int, int]]:
    """The kinds of token one after the other, at every place of the whole text."""
    found = re.compile(f"{tokens._DATES}|{tokens._KINDS}", re.VERBOSE).finditer(text)
    spans = [(match.lastgroup or "", match.start(), match.end()) for match in found]
    while spans and spans[0][0] in ("break", "between"):
        spans.pop(0)
    while spans and spans[-1][0] in ("break", "between"):
        spans.pop()
    return spans


@given(texts)
def test_the_short_ways_find_the_same_tokens(text: str) -> None:
    assume(not re.search(r"\s\n\x1e", text))  # instructions lose the blanks they end with
    found = [token for token in tokenize(text) if token.key != tokens.TURN]
    spans = [span for span in slowly(text) if span[0] != "between"]
    assert [(token.start, token.end) for token in found] == [span[1:] for span in spans]
    words = {token.kind for token, span in zip(found, spans, strict=True) if span[0] == "word"}
    assert words <= {"word", "id", "hex"}


def test_instructions_seen_before_stand_where_they_stood() -> None:
    texts = [f"Answer in French. {BETWEEN}Where is order {number}?" for number in (7, 1234)]
    for text in texts:
        assert [text[token.start : token.end] for token in tokenize(text)][-1] == "?"
    assert token_keys(texts[0]) == token_keys(texts[1])


@pytest.mark.parametrize(
    "text", ["56,70 zł", "R$ 10,842.05", "NT$ 9", "2296½", "5.26e+04", "48 969.94 kr"]
)
def test_amounts_of_many_countries_are_one_number(text: str) -> None:
    assert token_keys(f"over {text} today") == ["over", "<number>", "today"]


@pytest.mark.parametrize("text", ["Thu 3 Jul", "Sunday, March 9", "Q3 2023", "Q1"])
def test_weekdays_and_quarters_belong_to_the_date(text: str) -> None:
    assert token_keys(f"on {text} at") == ["on", "<date>", "at"]


def make_agent(rule: str, rules: int = 120) -> str:
    before = [f"Rule {chr(97 + n % 26)}: be kind and brief." for n in range(rules)]
    return "\n".join([*before, rule, *before])


def test_long_system_prompts_that_differ_in_the_middle_have_different_tokens() -> None:
    push, hold = make_agent("Push when tests pass."), make_agent("Never push anything.")

    assert token_keys(push + BETWEEN + "Hi") != token_keys(hold + BETWEEN + "Hi")


@pytest.mark.parametrize("rules", [20, 120, 900])
def test_a_long_system_prompt_has_the_same_tokens_whatever_is_asked(rules: int) -> None:
    agent = make_agent("Push when tests pass.", rules)
    asked = ["Hi", "Why is the build red? " * 40, "Why is the build red? " * 900]

    heads = [token_keys(agent + BETWEEN + one) for one in asked]

    assert len({tuple(keys[: keys.index(TURN)]) for keys in heads}) == 1
    assert all(len(keys) <= 3 * EDGE for keys in heads)


def test_values_in_the_middle_of_a_long_system_prompt_do_not_tell_it_apart() -> None:
    first, second = make_agent("Today is 2026-01-02."), make_agent("Today is 2026-03-04.")

    assert token_keys(first + BETWEEN + "Hi") == token_keys(second + BETWEEN + "Hi")


@pytest.mark.parametrize("day", ["2025. 12. 16.", "2025. 1. 6.", "2025년 1월 6일"])
def test_dates_with_blanks_are_dates(day: str) -> None:
    assert token_keys(f"born on {day}") == ["born", "on", "<date>"]


def test_an_arabic_letter_mark_says_nothing() -> None:
    assert token_keys("\u061cاكتب المبلغ") == token_keys("اكتب المبلغ")
