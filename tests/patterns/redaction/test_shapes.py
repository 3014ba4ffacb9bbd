"""What a text without its words looks like: the same word alike, nothing of it readable."""

from __future__ import annotations

import random
import string
import time

import pytest

from patterns.engine.text.value_types import classify_value
from patterns.redaction.shapes import MOST_WORDS, Shaper

shaper = Shaper(b"k" * 32)


def test_the_same_word_is_the_same_digest_and_another_key_gives_another() -> None:
    one, two, other = shaper.shape_text("refund order refund").split(" ")

    assert one == other != two
    assert Shaper(b"j" * 32).shape_text("refund") != one
    assert len(one) == 9
    assert set(one) <= set("ghijklmnopqrstuvwxyz")


def test_case_blanks_and_signs_stay() -> None:
    shaped = shaper.shape_text("Refund, REFUND:\n\t(refund) – «refund»?")
    word = shaper.shape_text("refund")

    assert shaped == f"{word.capitalize()}, {word.upper()}:\n\t({word}) – «{word}»?"


@pytest.mark.parametrize(
    "value",
    [
        "1042",
        "2026-11-22",
        "2026-11-22T10:00:00Z",
        "23.12.2025",
        "ann.lee@mail.example.org",
        "https://shop.example/orders/7?x=1",
        "550e8400-e29b-41d4-a716-446655440000",
        "3f9a1c77e0",
        "3.75",
        "$19.99",
        "192.168.177.201",
        "/var/log/syslog",
        "word",
    ],
)
def test_a_value_keeps_its_type_and_nothing_else(value: str) -> None:
    shaped = shaper.shape_text(value)

    assert classify_value(shaped) == classify_value(value)
    words = {word for word in value.replace("https:", "").split("/") if len(word) > 4}
    assert not words & set(shaped.split("/"))


@pytest.mark.parametrize(
    "text", ["", " ", "۴۲", "x²", "日本語、です", "a" * 100_000, "\ud800", "1" * 300]
)
def test_odd_texts_have_a_shape(text: str) -> None:
    shaped = shaper.shape_text(text)

    assert shaped == shaper.shape_text(text)
    assert bool(shaped.strip()) == bool(text.strip())
    shaped.encode()


def test_no_word_is_left_of_any_text() -> None:
    dice = random.Random(4)
    letters = string.ascii_letters + "äßéжб中"
    for _ in range(300):
        words = ["".join(dice.choices(letters, k=dice.randint(4, 12))) for _ in range(20)]
        shaped = shaper.shape_text(dice.choice(" .,-_/\n").join(words))
        assert not [word for word in words if word.casefold() in shaped.casefold()]


def test_of_a_long_text_the_middle_is_one_digest() -> None:
    begin, end = "alpha " * MOST_WORDS, "omega " * MOST_WORDS
    one = shaper.shape_text(begin + "tea " * 5000 + end)
    other = shaper.shape_text(begin + "tea " * 4999 + "tee " + end)

    assert len(one.split()) == 2 * MOST_WORDS + 1
    assert one != other
    assert one.split()[:MOST_WORDS] == other.split()[:MOST_WORDS]


@pytest.mark.parametrize("unit", ["a", "a1", "a ", "1", "{", '"', "a.", "中"])
def test_twice_the_text_takes_about_twice_the_time(unit: str) -> None:
    def take(size: int) -> float:
        text, best = unit * (size // len(unit)), 99.0
        for _ in range(3):
            began = time.perf_counter()
            Shaper(b"k" * 32).shape_text(text)
            best = min(best, time.perf_counter() - began)
        return best

    assert take(50_000) < 8 * take(25_000) + 0.05
