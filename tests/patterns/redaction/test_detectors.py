"""What is found in texts, what is left alone, and that it takes linear time."""

from __future__ import annotations

import time

import pytest

from patterns.redaction.detectors import redact_text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("write to ann.lee+x@mail.example.org now", "write to ⟦email⟧ now"),
        ("call +49 171 2345678 or 0049171 2345678", "call ⟦phone⟧ or ⟦phone⟧"),
        ("call (555) 123-4567", "call ⟦phone⟧"),
        ("card 4111 1111 1111 1111.", "card ⟦card⟧."),
        ("card 4111111111111111", "card ⟦card⟧"),
        ("IBAN DE89 3704 0044 0532 0130 00 THANKS", "IBAN ⟦iban⟧ THANKS"),
        ("key sk-abcdefghij0123456789ABCD ok", "key ⟦secret⟧ ok"),
        ("Authorization: Bearer abcdefABCDEF0123456789", "Authorization: ⟦secret⟧"),
        ("AIzaSyA0123456789abcdefghijklmnopqrstuv", "⟦secret⟧"),
        ("password = hunter2hunter2", "⟦secret⟧"),
        ("a eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl b", "a ⟦secret⟧ b"),
    ],
)
def test_it_is_found(text: str, expected: str) -> None:
    assert redact_text(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Where is my order 1042 from 2026-11-22T10:00:00Z?",
        "card 4111111111111112",
        "IBAN GB82 WEST 1234 5698 7654 33",
        "at 1795348800000, 1795348800000000000, version 10.20.30.40",
        "f@ and @f and a@b",
        "skip the task-list of the risk-register",
        "⟦email⟧",
    ],
)
def test_it_is_left_alone(text: str) -> None:
    assert redact_text(text) == text


@pytest.mark.parametrize(
    "unit",
    ["a", "1", "1 ", "+1", "a@", "a.", "A1", "DE89", "eyJaaaaaaaa.", "-----BEGIN ", "sk-", "(1"],
)
def test_twice_the_text_takes_about_twice_the_time(unit: str) -> None:
    def take(size: int) -> float:
        text, best = unit * (size // len(unit)), 99.0
        for _ in range(3):
            began = time.perf_counter()
            redact_text(text)
            best = min(best, time.perf_counter() - began)
        return best

    assert take(40_000) < 8 * take(20_000) + 0.05
