"""Numbers of interactions: each server's own on one side, 1, 2, 3 … in the archive on the other."""

from __future__ import annotations

import base64
from array import array
from bisect import bisect_left
from collections.abc import Iterable

import msgspec


class InteractionNumbers:
    """A server's numbers in order: the place of each is its number in the archive. 0 is: gone."""

    def __init__(self, own: Iterable[int] = ()) -> None:
        self.own = array("q", own)

    def extend(self, own: Iterable[int]) -> None:
        self.own.extend(own)

    def to_archive(self, number: int) -> int:
        place = bisect_left(self.own, number)
        known = place < len(self.own) and self.own[place] == number
        return place + 1 if known else 0

    def from_archive(self, number: int) -> int:
        """ValueError for a number that the archive has no interaction for."""
        if not 0 <= number <= len(self.own):
            raise ValueError(f"there is no interaction {number}")
        return self.own[number - 1] if number else 0

    def list_to_archive(self, packed: str) -> list[int]:
        """The interactions of a msgpack list that are still there."""
        data = base64.b64decode(packed)
        numbers = msgspec.msgpack.decode(data or b"\x90", type=list[int])
        return [known for number in numbers if (known := self.to_archive(number))]

    def list_from_archive(self, numbers: list[int]) -> str:
        own = [self.from_archive(number) for number in numbers]
        return base64.b64encode(msgspec.msgpack.encode(own) if own else b"").decode("ascii")
