"""What a check found, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class BrokenInvariant:
    """One invariant that does not hold: where (a project, or empty), what, and the way out."""

    check: str
    where: str
    what: str
    advice: str


RESTORE = "Stop the server and restore the last backup."
COUNT_AGAIN = "Run: manage.py rollups --project {name}"
