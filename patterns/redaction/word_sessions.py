"""Counts which sessions met a word, without storing the word, until enough of them share it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from uuid import UUID

import msgspec

from featurememory.config import config_of
from featurememory.database.write_lock import write_turn
from patterns.models import SharedWords
from patterns.storage.shared_words import forget_words

MOST = 10_000  # words that are counted for a project, and words that are shown
LONGEST = 40  # letters of a word that may be shown
SAVE_S = 30.0
Counts = dict[str, list[int]]


class WordSessions:
    """Of one project: what this process has counted, and what every process has saved."""

    def __init__(self, project_id: UUID) -> None:
        self.project_id = project_id
        self.lock = threading.Lock()
        self.counts: dict[str, set[int]] = {}
        self.known: set[str] = set()
        self.fresh: dict[str, list[str | int]] = {}
        self.saved = 0.0  # the first one loads what is saved

    def note(self, session: int, words: Iterable[tuple[str, str]]) -> None:
        """`words`: pairs of digest and word that this session met."""
        least = config_of(self.project_id).k_sessions
        with self.lock:
            for digest, word in words:
                if digest in self.known or len(word) > LONGEST:
                    continue
                met = self.counts.setdefault(digest, set())
                met.add(session)
                if len(met) >= least:
                    self.known.add(digest)
                    self.fresh[digest] = [word, len(met)]
                    del self.counts[digest]
            if len(self.counts) > MOST:
                self.counts = keep_most(self.counts)

    def save_if_due(self) -> None:
        """Not again within SAVE_S; what is lost with the process is counted again."""
        with self.lock:
            now = time.monotonic()
            if self.saved and now - self.saved < SAVE_S:
                return
            self.saved = now
        self.save()

    def save(self) -> None:
        """Together with what other processes have counted."""
        with write_turn():
            row, _ = SharedWords.objects.select_for_update().get_or_create(pk=self.project_id)
            with self.lock:
                row.words = dict(list((row.words | self.fresh).items())[-MOST:])
                self.fresh, self.known = {}, self.find_known(row)
                self.counts = merge_counts(self.counts, row, self.known)
                row.counts = msgspec.msgpack.encode({k: sorted(v) for k, v in self.counts.items()})
            row.save()
        forget_words()

    def find_known(self, row: SharedWords) -> set[str]:
        least = config_of(self.project_id).k_sessions
        return {digest for digest, (_, sessions) in row.words.items() if sessions >= least}


def merge_counts(
    own: dict[str, set[int]], row: SharedWords, known: set[str]
) -> dict[str, set[int]]:
    saved = msgspec.msgpack.decode(bytes(row.counts or b"\x80"), type=dict[str, list[int]])
    merged = {digest: set(met) | own.get(digest, set()) for digest, met in saved.items()}
    merged = {**own, **merged}
    return keep_most({digest: met for digest, met in merged.items() if digest not in known})


def keep_most(counts: dict[str, set[int]]) -> dict[str, set[int]]:
    """Beyond MOST the words that the fewest sessions met go, the longest known first."""
    if len(counts) <= MOST:
        return counts
    ranked = sorted(enumerate(counts), key=lambda one: (len(counts[one[1]]), one[0]), reverse=True)
    return {digest: counts[digest] for _, digest in sorted(ranked[: MOST // 2])}


_projects: dict[UUID, WordSessions] = {}
_lock = threading.Lock()


def sessions_of(project_id: UUID) -> WordSessions:
    with _lock:
        if len(_projects) > 64 and project_id not in _projects:
            _projects.pop(next(iter(_projects)))
        return _projects.setdefault(project_id, WordSessions(project_id))


def forget_sessions() -> None:
    """Drop what is counted in this process, as after a restart."""
    with _lock:
        _projects.clear()
