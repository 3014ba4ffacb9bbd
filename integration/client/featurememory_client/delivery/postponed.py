"""Feedback whose interaction the server does not know yet: it may lie in another process's queue."""

from __future__ import annotations

import time

from featurememory_client.delivery.parcels import Parcel

FIRST_S = 1.0  # then 2, 4, 8, 16: longer than the longest pause of a sender
MOST_TRIES = 6


class Postponed:
    def __init__(self) -> None:
        self._parcels: list[tuple[float, Parcel]] = []

    def add(self, parcel: Parcel) -> None:
        parcel.tries += 1
        if parcel.tries < MOST_TRIES:
            due = time.monotonic() + FIRST_S * 2 ** (parcel.tries - 1)
            self._parcels.append((due, parcel))

    def take_due(self) -> list[Parcel]:
        now = time.monotonic()
        due = [parcel for at, parcel in self._parcels if at <= now]
        if due:
            self._parcels = [entry for entry in self._parcels if entry[0] > now]
        return due

    def take_all(self) -> list[Parcel]:
        parcels, self._parcels = [parcel for _, parcel in self._parcels], []
        return parcels

    def list_due(self) -> list[float]:
        return [at for at, _ in self._parcels]
