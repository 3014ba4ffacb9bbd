"""Values that vary by nature carry their type."""

from __future__ import annotations

from patterns.engine.tokens import EDGE, keys_of


def test_values_are_typed_and_words_stay() -> None:
    keys = keys_of("Order AC-17 for a@b.org at https://x.io/1 on 2026-01-02: 12.5")
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
    assert keys_of("Review:\n```\nx = 1\n```\nThanks") == [
        "Review",
        ":",
        "\n",
        "<code>",
        "\n",
        "Thanks",
    ]


def test_of_a_long_text_both_ends_are_kept() -> None:
    keys = keys_of("first " + "middle " * 5000 + "last")
    assert len(keys) == 2 * EDGE
    assert (keys[0], keys[-1]) == ("first", "last")
