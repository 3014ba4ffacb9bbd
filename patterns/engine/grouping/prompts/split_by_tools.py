"""Templates whose requests offer tools that have nothing in common are several agents."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from patterns.engine.grouping.prompts.mining.miner import Mined
from patterns.engine.text.tokens import list_tools

FEWEST = 2  # texts of an agent


def split_by_tools(found: Mined, texts: Sequence[str]) -> list[Mined]:
    """The template once per agent; texts that name no tools stay with the most frequent one."""
    offered = {text: list_tools(texts[text]) for text in found.texts}
    agents = _agents([tools for tools in offered.values() if tools])
    if len(agents) < 2:
        return [found]
    members: list[list[int]] = [[] for _ in agents]
    for text, tools in offered.items():
        number = next((n for n, agent in enumerate(agents) if tools & agent), -1)
        if number >= 0:
            members[number].append(text)
    order = sorted(range(len(agents)), key=lambda n: (-len(members[n]), n))
    if len(members[order[1]]) < FEWEST:
        return [found]
    members[order[0]] += [text for text, tools in offered.items() if not tools]
    return [
        msgspec.structs.replace(found, texts=tuple(sorted(members[n])))
        for n in order
        if len(members[n]) >= FEWEST
    ]


def _agents(offered: Sequence[frozenset[str]]) -> list[frozenset[str]]:
    """Sets of tools that requests offered together, directly or by way of others."""
    agents: list[frozenset[str]] = []
    for tools in dict.fromkeys(offered):
        joined = tools.union(*(agent for agent in agents if agent & tools))
        agents = [*(agent for agent in agents if not agent & tools), joined]
    return agents
