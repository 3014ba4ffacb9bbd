"""The groups of free text known so far, as the directions of their centres."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from patterns.engine.domain.arrays import Floats
from patterns.engine.grouping.free_text.char_ngrams import scale_to_unit

EXAMPLE = 200  # characters
_LEAST_ROOM = 16  # rows; the arrays double when they are full


class Centroids:
    """Groups by key, each with the sum of its members' vectors, its size and an example.

    The centre of a group is the unit vector of its sum. Rows of all arrays are in the order of
    `keys`; removing a group moves the last one to its row.
    """

    def __init__(self, dimensions: int, room: int = _LEAST_ROOM) -> None:
        self.keys: list[str] = []
        self.sizes: list[int] = []
        self.examples: list[str] = []
        self._rows: dict[str, int] = {}
        self._sums = np.zeros((max(_LEAST_ROOM, room), dimensions), dtype=np.float32)
        self._units = np.zeros_like(self._sums)

    def __len__(self) -> int:
        return len(self.keys)

    def __contains__(self, key: object) -> bool:
        return key in self._rows

    def add(self, key: str, total: Floats, size: int, example: str) -> None:
        """Takes the place of the group of that key; `total` is the sum of its members' vectors."""
        if key in self._rows:
            self.remove(key)
        row = len(self.keys)
        if row == len(self._sums):
            self._sums = np.vstack([self._sums, np.zeros_like(self._sums)])
            self._units = np.vstack([self._units, np.zeros_like(self._units)])
        self.keys.append(key)
        self.sizes.append(size)
        self.examples.append(example[:EXAMPLE])
        self._rows[key] = row
        self._sums[row], self._units[row] = total, scale_to_unit(total)

    def grow(self, key: str, vector: Floats) -> None:
        """One more member."""
        row = self._rows[key]
        self._sums[row] += vector
        self.sizes[row] += 1
        self._units[row] = scale_to_unit(self._sums[row])

    def remove(self, key: str) -> None:
        """KeyError for an unknown key."""
        row, last = self._rows.pop(key), len(self.keys) - 1
        self.keys[row], self.sizes[row] = self.keys[last], self.sizes[last]
        self.examples[row] = self.examples[last]
        del self.keys[last], self.sizes[last], self.examples[last]
        self._sums[row], self._units[row] = self._sums[last], self._units[last]
        if row != last:
            self._rows[self.keys[row]] = row

    def example(self, key: str) -> str:
        return self.examples[self._rows[key]]

    def smallest(self, besides: str) -> str:
        """The key of the group with fewest members; ties by key."""
        others = (key for key in self.keys if key != besides)
        return min(others, key=lambda key: (self.sizes[self._rows[key]], key))

    def cosine(self, key: str, vector: Floats) -> float:
        return float(vector @ self._units[self._rows[key]])

    def centres(self, keys: Sequence[str]) -> Floats:
        """One unit row for each key."""
        rows: Floats = self._units[[self._rows[key] for key in keys]]
        return rows

    def rank(self, vector: Floats) -> list[tuple[str, float]]:
        """The two nearest groups and their cosines (0 to 1), nearest first; ties by key."""
        likeness = self._units[: len(self.keys)] @ vector
        if not len(likeness):
            return []
        top = np.argpartition(-likeness, min(2, len(likeness) - 1))[:3]
        pairs = [(self.keys[i], max(0.0, float(likeness[i]))) for i in top.tolist()]
        return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))[:2]

    def sums_to_bytes(self) -> bytes:
        """float32, a row for each key."""
        return self._sums[: len(self.keys)].tobytes()
