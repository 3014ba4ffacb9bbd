"""The one door from here to what stores interactions: whoever moves that, changes this file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

from featurememory.errors import ErrorCode, FeatureMemoryError
from integration.dialects.json_values import Json
from patterns.ingest import writer
from patterns.ingest.backpressure import admission
from patterns.ingest.schema import (
    Arrival,
    build_arrival,
    parse_interaction,
)
from patterns.ingest.wakeup import wake_learner

# OTLP's and LiteLLM's batches are larger than one group of the writer may be.
AT_ONCE = 1_000


def check_room(project_id: UUID) -> None:
    """Push back (429, 503, 507) before a body is read that could not be stored."""
    admission.check(project_id)


def make_arrival(interaction: Mapping[str, Json]) -> Arrival:
    """The interaction ready to be stored; FeatureMemoryError says what is wrong with it."""
    try:
        raw = msgspec.json.encode(interaction)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise FeatureMemoryError(
            f"This cannot be written as JSON: {error}", ErrorCode.MALFORMED_BODY
        ) from error
    return build_arrival(parse_interaction(raw, timed=False, ours=True))


def store_arrivals(project_id: UUID, arrivals: Sequence[Arrival]) -> int:
    """Store them; how many were new. Returns after the commit."""
    stored = 0
    for start in range(0, len(arrivals), AT_ONCE):
        stored += sum(writer.store_arrivals(project_id, arrivals[start : start + AT_ONCE]).stored)
    if stored:
        wake_learner(project_id)
    return stored


__all__ = [
    "Arrival",
    "check_room",
    "make_arrival",
    "store_arrivals",
]
