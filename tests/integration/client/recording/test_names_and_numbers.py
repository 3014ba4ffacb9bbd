"""The small vocabularies: ids of calls, names of secrets, words for usage."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from featurememory_client.recording.identifiers import make_id
from featurememory_client.recording.secret_names import is_secret
from featurememory_client.recording.usage import read_usage


def test_identifiers_are_uuids_of_version_7_and_never_the_same() -> None:
    names = [make_id() for _ in range(1000)]

    assert len(set(names)) == 1000
    assert all(name[14] == "7" and name[19] in "89ab" and len(name) == 36 for name in names)
    assert names[0][:8] <= names[-1][:8]


OURS = {"input_tokens": 1, "output_tokens": 2, "cost": 0.5}
CHAT = {
    "prompt_tokens": 100,
    "completion_tokens": 20,
    "prompt_tokens_details": {"cached_tokens": 40},
    "completion_tokens_details": {"reasoning_tokens": 5},
}
RESPONSES = {
    "input_tokens": 100,
    "input_tokens_details": {"cached_tokens": 40},
    "output_tokens": 20,
    "output_tokens_details": {"reasoning_tokens": 5},
}
OPENAI = {
    "input_tokens": 100,
    "output_tokens": 20,
    "cached_input_tokens": 40,
    "reasoning_tokens": 5,
}
ANTHROPIC = {
    "input_tokens": 100,
    "cache_read_input_tokens": 40,
    "cache_creation_input_tokens": 10,
    "output_tokens": 2,
}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (OURS, OURS),
        (CHAT, OPENAI),
        (RESPONSES, OPENAI),
        (
            SimpleNamespace(prompt_tokens=9, completion_tokens=3, prompt_tokens_details=None),
            {"input_tokens": 9, "output_tokens": 3},
        ),
        (
            ANTHROPIC,
            {
                "input_tokens": 150,
                "output_tokens": 2,
                "cached_input_tokens": 40,
                "cache_write_tokens": 10,
            },
        ),
        (
            {**ANTHROPIC, "cache_creation": {"ephemeral_1h_input_tokens": 4}},
            {
                "input_tokens": 150,
                "output_tokens": 2,
                "cached_input_tokens": 40,
                "cache_write_tokens": 10,
                "extended_cache_write_tokens": 4,
            },
        ),
        ({"input_tokens": True, "output_tokens": float("nan"), "cost": -1}, {}),
        ("many", {}),
        (None, {}),
    ],
)
def test_usage_of_every_provider_is_told_in_the_same_words(given: Any, expected: Any) -> None:
    assert read_usage(given) == expected


@pytest.mark.parametrize(
    "name",
    [
        "api_key",
        "apiKey",
        "X-Api-Key",
        "OPENAI_API_KEY",
        "authorization",
        "client_secret",
        "cookie",
    ],
)
def test_names_of_secrets_are_known(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize("name", ["question", "max_tokens", "keyboard", "key_points", "tokens"])
def test_other_names_are_not_taken_for_secrets(name: str) -> None:
    assert not is_secret(name)
