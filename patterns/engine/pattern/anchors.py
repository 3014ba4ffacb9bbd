"""The anchors of a prompt pattern: the runs of tokens all its texts share."""

from __future__ import annotations

import msgspec


class Skeleton(msgspec.Struct, array_like=True):
    """How a text belongs to the pattern: the digests of the runs of tokens it must have.

    `settled` tells that they were mined from many texts, `bits` what they explain in one text,
    `mined` how many. `others` are sets of runs one of which will do as well, where a frequent value
    stands in a slot; each explains `other_bits`. `tools` are the names of tools its requests offered:
    a request that offers only others belongs to another agent.
    """

    anchors: list[int] = []
    uses: int = 0
    bits: float = 0.0
    settled: bool = False
    mined: int = 0
    others: list[list[int]] = []
    other_bits: float = 0.0
    tools: list[str] = []
