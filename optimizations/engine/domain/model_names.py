"""The names under which one model is known: with provider, with date, in any case."""

from __future__ import annotations

import re
from collections.abc import Iterator

LONGEST = 200
# Bedrock writes region and vendor before a point: us.anthropic.claude-…-v1:0
VENDORS = ("anthropic.", "amazon.", "meta.", "mistral.", "cohere.", "ai21.", "deepseek.", "openai.")
REGION = re.compile(r"^(?:us|eu|apac|global)\.")
VERSION = re.compile(r"-v\d{1,2}(?::\d{1,3})?$")
DATE = re.compile(
    r"[-@](?:20\d\d-?(?:0[1-9]|1[0-2])-?(?:0[1-9]|[12]\d|3[01])"  # 2024-08-06, 20240806
    r"|(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])|latest)$"  # 0613 (month and day)
)


def list_names(model_id: str) -> Iterator[str]:
    """The names to look a model up by, its own first, each more general than the one before.

    >>> list(list_names("azure/GPT-4o-2024-08-06"))
    ['azure/GPT-4o-2024-08-06', 'azure/gpt-4o-2024-08-06', 'gpt-4o-2024-08-06', 'gpt-4o']
    """
    yield model_id
    lower = model_id[:LONGEST].casefold()
    bare = strip_provider(lower)
    seen = {model_id}
    for name in (lower, bare, strip_date(bare)):
        if name and name not in seen:
            seen.add(name)
            yield name


def strip_provider(name: str) -> str:
    """`openai/gpt-4o` → `gpt-4o`; `us.anthropic.claude-…` → `claude-…`."""
    name = REGION.sub("", name.rpartition("/")[2])
    vendor = next((one for one in VENDORS if name.startswith(one)), "")
    return name.removeprefix(vendor)


def strip_date(name: str) -> str:
    return DATE.sub("", VERSION.sub("", name))
