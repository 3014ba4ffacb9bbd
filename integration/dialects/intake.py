"""The one door from here to what stores interactions: whoever moves that, changes this file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec
from uuid_utils import uuid7

from featurememory.errors import ErrorCode, FeatureMemoryError
from featurememory.http.finite_numbers import LONG, require_finite_integers
from integration.dialects.json_values import Json
from patterns.ingest import writer
from patterns.ingest.backpressure import admission
from patterns.ingest.schema import (
    DEPTH,
    Arrival,
    build_arrival,
    build_columns,
    check_size,
    parse_interaction,
    parse_item,
    refuse_deep_nesting,
)
from patterns.ingest.wakeup import wake_learner
from patterns.storage.payloads import pack_json

# OTLP's and LiteLLM's batches are larger than one group of the writer may be.
AT_ONCE = 1_000
# One pass for both checks: brackets that open become (, digits 0.
MARKS = bytes(
    ord("(") if byte in b"[{" else ord("0") if byte in b"0123456789" else ord(" ")
    for byte in range(256)
)
# The members that go into the payload, in the order in which it has them.
CONTENT = ("input", "output", "error", "parameters", "tags")


def check_room(project_id: UUID) -> None:
    """Push back (429, 503, 507) before a body is read that could not be stored."""
    admission.check(project_id)


def make_arrival(interaction: Mapping[str, Json]) -> Arrival:
    """The interaction ready to be stored; FeatureMemoryError says what is wrong with it."""
    return build_arrival(parse_interaction(write_json(interaction), timed=False, ours=True))


def make_told_arrival(interaction: Mapping[str, Json]) -> Arrival:
    """The same of what `interaction_of` made: its contents are written once, and not read again."""
    content = {name: interaction[name] for name in CONTENT if name in interaction}
    rest = {name: part for name, part in interaction.items() if name not in content}
    text = write_json(content)
    check_size(text)
    check_depth_and_numbers(text)
    item = parse_item(write_json(rest | {"input": None}))
    failed = "error" in content or item.success is False
    return Arrival(item.id or str(uuid7()), build_columns(item, failed), pack_json(text))


def check_depth_and_numbers(text: bytes) -> None:
    """Looks closer, and raises 400 or 422, only where brackets or digits could be too many."""
    marks = text.translate(MARKS)
    if marks.count(b"(") > DEPTH:
        refuse_deep_nesting(text)
    if LONG in marks:
        require_finite_integers(text)


def write_json(value: Mapping[str, Json]) -> bytes:
    try:
        return msgspec.json.encode(value)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise FeatureMemoryError(
            f"This cannot be written as JSON: {error}", ErrorCode.MALFORMED_BODY
        ) from error


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
    "make_told_arrival",
    "store_arrivals",
]
