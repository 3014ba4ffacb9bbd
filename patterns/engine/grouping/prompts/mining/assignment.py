"""Which candidate each text belongs to for now, and what that saves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from patterns.engine.grouping.prompts.mining.candidates import Skeletons
from patterns.engine.grouping.prompts.mining.corpus import Ints
from patterns.engine.grouping.prompts.mining.description_length import Bits

Gains: TypeAlias = npt.NDArray[np.float64]
Options: TypeAlias = dict[int, list[tuple[float, int, int]]]
"""For each text (bits saved, open candidate, membership), the most bits first."""

Members: TypeAlias = dict[int, list[int]]
"""For each candidate with texts its texts, in order."""


class Assignment:
    """`owner[text]` is the open candidate a text belongs to (-1: none), `gain[text]` the bits saved.

    `net[membership]` are the bits a text would save in a candidate, `price[candidate]` what the
    candidate costs to open, `bits[token]` what each token of the corpus costs. A banned candidate
    is never opened again.
    """

    def __init__(self, skeletons: Skeletons) -> None:
        self.skeletons = skeletons
        count = skeletons.corpus.count
        self.owner: Ints = np.full(count, -1, dtype=np.int64)
        self.gain: Gains = np.zeros(count)
        self.net: Gains = np.zeros(len(skeletons.text))
        self.price: Gains = np.zeros(len(skeletons))
        self.bits: Bits = np.zeros(0, dtype=np.float32)
        self.open: list[int] = []
        self.banned: set[int] = set()

    def span(self, candidate: int) -> slice:
        """The memberships of a candidate."""
        return slice(self.skeletons.first[candidate], self.skeletons.first[candidate + 1])

    def options(self) -> Options:
        """Where each text could belong."""
        found: Options = defaultdict(list)
        table = self.skeletons
        for candidate in self.open:
            for j in range(table.first[candidate], table.first[candidate + 1]):
                found[int(table.text[j])].append((float(self.net[j]), candidate, j))
        for options in found.values():
            options.sort(key=lambda option: (-option[0], option[1]))
        return found

    def members(self) -> Members:
        found: Members = defaultdict(list)
        for text, owner in enumerate(self.owner.tolist()):
            if owner >= 0:
                found[owner].append(text)
        return found

    def move(self, texts: list[int], others: list[tuple[float, int]], members: Members) -> None:
        """Gives texts to other candidates: (bits saved, candidate or -1) of each."""
        for text, (net, candidate) in zip(texts, others, strict=True):
            self.owner[text] = candidate
            self.gain[text] = net
            if candidate >= 0:
                members[candidate].append(text)

    def close(self, candidates: Collection[int]) -> None:
        self.open = [one for one in self.open if one not in candidates]

    def explained_elsewhere(
        self,
        own: int,
        options: list[tuple[float, int, int]],
        candidate: int,
        gone: Collection[int] = (),
    ) -> Iterator[tuple[int, float]]:
        """(other candidate, bits it explains where this one does not); -1 when it adds nothing.

        `own` is the membership of the text in this candidate, `gone` are candidates left out.
        """
        places = self.skeletons.places(own)
        for _, other, j in options:
            if other != candidate and other not in gone:
                rest = np.setdiff1d(self.skeletons.places(j), places, assume_unique=True)
                yield other, float(self.bits[rest].sum()) if len(rest) else -1.0


def find_next_option(
    options: list[tuple[float, int, int]], shut: Collection[int]
) -> tuple[float, int]:
    """The best candidate that is not shut and saves something, else (0.0, -1)."""
    for net, candidate, _ in options:
        if candidate not in shut:
            return (net, candidate) if net > 0 else (0.0, -1)
    return 0.0, -1


def find_membership(options: list[tuple[float, int, int]], candidate: int) -> int:
    return next(j for _, one, j in options if one == candidate)
