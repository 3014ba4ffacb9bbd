"""Templates whose requests offer other tools are several agents.

They do when the tools have nothing in common, or when there are two sets of tools that come back
and either has some that the other lacks. Where there are more, tools are chosen anew for each
request.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec

from patterns.engine.grouping.prompts.mining.miner import Mined
from patterns.engine.text.tokens import list_tools

FEWEST = 2  # texts of an agent
USUAL, USUAL_SHARE = 6, 0.2  # that have either of two sets with common tools


def split_by_tools(found: Mined, texts: Sequence[str]) -> list[Mined]:
    """The template once per agent; texts that name no tools stay with the most frequent one."""
    offered = {text: list_tools(texts[text]) for text in found.texts}
    agents = _agents([tools for tools in offered.values() if tools])
    if len(agents) < 2:
        agents = _find_two_sets([tools for tools in offered.values() if tools])
    if len(agents) < 2:
        return [found]
    members: list[list[int]] = [[] for _ in agents]
    for text, tools in offered.items():
        number = next((n for n, agent in enumerate(agents) if tools and tools <= agent), -1)
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


def _find_two_sets(offered: Sequence[frozenset[str]]) -> list[frozenset[str]]:
    times = Counter(offered)
    least = max(USUAL, USUAL_SHARE * len(offered))
    sets = sorted(times, key=sorted)
    both = len(sets) == 2 and min(times.values()) >= least
    return sets if both and sets[0] - sets[1] and sets[1] - sets[0] else []
