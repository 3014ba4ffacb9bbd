"""What the miner finds in some texts, as sets of texts."""

from __future__ import annotations

from patterns.engine.grouping.prompts.mining.miner import mine_templates
from patterns.engine.text.tokens import token_keys


def find_groups(texts: list[str]) -> list[set[str]]:
    """The texts of each mined group of two or more."""
    found = mine_templates([token_keys(text) for text in texts])
    assert found is not None
    return [{texts[n] for n in one.texts} for one in found if len(one.texts) > 1]
