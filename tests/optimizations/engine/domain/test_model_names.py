"""One model under many names."""

from __future__ import annotations

import pytest

from optimizations.engine.domain.model_names import list_names


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("openai/gpt-4o", "gpt-4o"),
        ("azure/gpt-4o-2024-08-06", "gpt-4o"),
        ("GPT-4o", "gpt-4o"),
        ("openrouter/anthropic/claude-sonnet-4-20250514", "claude-sonnet-4"),
        ("us.anthropic.claude-3-5-sonnet-20241022-v2:0", "claude-3-5-sonnet"),
        ("vertex_ai/claude-3-5-haiku@20241022", "claude-3-5-haiku"),
        ("claude-3-7-sonnet-latest", "claude-3-7-sonnet"),
        ("gpt-4-0613", "gpt-4"),
        ("mistral-large-2407", "mistral-large-2407"),
        ("gemini-1.5-pro-002", "gemini-1.5-pro-002"),
        ("gpt-4o-mini", "gpt-4o-mini"),
    ],
)
def test_provider_date_and_case_are_folded_away(name: str, found: str) -> None:
    names = list(list_names(name))
    assert (names[0], names[-1]) == (name, found)


def test_the_name_with_its_date_comes_before_the_one_without() -> None:
    assert list(list_names("azure/gpt-4o-2024-08-06"))[1:] == [
        "azure/gpt-4o-2024-08-06".removeprefix("azure/"),
        "gpt-4o",
    ]


@pytest.mark.parametrize("name", ["", "/", "-latest", "a" * 10_000, "-v1" * 3000, "@" * 5000])
def test_any_text_has_names(name: str) -> None:
    assert next(iter(list_names(name))) == name
