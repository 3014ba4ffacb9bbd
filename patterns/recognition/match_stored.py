"""Match stored interactions again, with what is known now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from patterns.engine.domain.results import Match
from patterns.models import ModelInteraction, Payload
from patterns.recognition.recognizer_cache import LoadedRecognizer
from patterns.storage.stored_observations import observation_of


def match_stored(
    loaded: LoadedRecognizer, rows: Sequence[ModelInteraction]
) -> Iterator[tuple[ModelInteraction, Match]]:
    """The rows that match a pattern, with their match. A damaged payload matches none."""
    numbers = [row.number for row in rows]
    payloads = dict(Payload.objects.filter(pk__in=numbers).values_list("number", "data"))
    for row in rows:
        try:
            observation = observation_of(row, payloads[row.number])
        except (KeyError, ValueError):
            continue
        with loaded.lock:
            match = loaded.recognizer.match_one(observation)
        if match is not None:
            yield row, match
