"""Runs of tokens seen in slots: evidence that sharing them says nothing about the template."""

from __future__ import annotations

import zlib
from collections.abc import Iterable

CELLS = 1 << 21
FULL = CELLS // 4  # cells set at which nearly a quarter of strangers would look familiar


class Passages:
    """A Bloom filter with one hash (Bloom 1970), 256 kB; starts afresh when it is full."""

    def __init__(self, data: bytes = b"") -> None:
        self.cells = bytearray(_unpack_cells(data))
        self.noted = sum(cell.bit_count() for cell in self.cells)

    def note(self, runs: Iterable[int]) -> None:
        if not self.cells or self.noted > FULL:
            self.cells, self.noted = bytearray(CELLS // 8), 0
        cells = self.cells
        for run in runs:
            cell = run % CELLS
            bit = 1 << (cell & 7)
            if not cells[cell >> 3] & bit:
                cells[cell >> 3] |= bit
                self.noted += 1

    def __contains__(self, run: int) -> bool:
        if not self.cells:
            return False
        cell = run % CELLS
        return bool(self.cells[cell >> 3] & (1 << (cell & 7)))

    def strange(self, runs: Iterable[int]) -> list[int]:
        """Those that were not noted, in their order."""
        cells = self.cells
        if not cells:
            return list(runs)
        return [run for run in runs if not cells[(run % CELLS) >> 3] >> (run & 7) & 1]

    def follow(self, base: bytes, other: bytes) -> None:
        """Becomes `other` (the content of a copy made when this held `base`, which went on by
        itself), with what was noted here since."""
        size = CELLS // 8
        mine, then = int.from_bytes(self.cells, "big"), int.from_bytes(_unpack_cells(base), "big")
        theirs = int.from_bytes(_unpack_cells(other), "big")
        both = theirs | (mine & ~then)
        if both:
            self.cells = bytearray(both.to_bytes(size, "big"))
            self.noted = both.bit_count()

    def to_bytes(self) -> bytes:
        return zlib.compress(bytes(self.cells), 1) if self.cells else b""


def _unpack_cells(data: bytes) -> bytes:
    return zlib.decompress(data) if data else b""
