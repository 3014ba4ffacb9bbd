"""Finds a rare tag without reading every payload: see `TagBlock`.

A tag is inside the compressed payload, so an index of its own would be written with every
interaction. A block says of 256 of them at once which tags they have; it is made a minute later, in
the background, for some microseconds each. A search reads the blocks and then only the payloads of
those that have the tag.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from featurememory.database.write_lock import write_turn
from featurememory.process.request_priority import yield_after
from patterns.models import ModelInteraction, Payload, TagBlock
from patterns.storage.payloads import unpack_json

BLOCK, BLOCKS_AT_ONCE = 256, 4
# Numbers are given before they are committed: by then no lower one can still appear.
SETTLED_MS = 60_000
DIGEST = 8
# Blocks that one search reads, two million interactions: 20 ms.
MOST_READ, READ_AT_ONCE = 8_000, 500


class TaggedContent(Struct):
    """The only member of a payload that is looked at."""

    tags: Raw | UnsetType = UNSET


DECODER = msgspec.json.Decoder(TaggedContent)
Ranges = Iterator[tuple[int, int]]


def digest_tag(project_id: UUID, text: str) -> bytes:
    """Of `name` or of `name=value`; other projects have other digests of the same tag."""
    return blake2b(text.encode(errors="replace"), digest_size=DIGEST, key=project_id.bytes).digest()


def fold_value(value: Any) -> str:
    """The value of a tag as searches compare it."""
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return str(text).casefold()


def name_tags(data: bytes | memoryview | None) -> set[str]:
    """Every tag of a payload, by `name` and by `name=value`; none of one that is damaged or gone."""
    try:
        content = unpack_json(data) if data is not None else b""
        if b'"tags"' not in content:
            return set()
        raw = DECODER.decode(content).tags
        tags = None if raw is UNSET else msgspec.json.decode(raw)
    except (ValueError, msgspec.DecodeError):
        return set()
    named = tags.items() if isinstance(tags, dict) else ()
    return {text for name, value in named for text in (name, f"{name}={fold_value(value)}")}


def digest_payloads(project_id: UUID, numbers: Sequence[int]) -> bytes:
    stored = Payload.objects.filter(pk__in=numbers).values_list("data", flat=True)
    names = set[str]().union(*(name_tags(data) for data in stored.iterator()))
    return b"".join(sorted(digest_tag(project_id, name) for name in names))


def make_blocks(project_id: UUID, until: float) -> int:
    """Blocks of what came since the newest one, none begun after `until` (monotonic); how many."""
    made = 0
    while (began := time.monotonic()) < until:
        blocks = build_next_blocks(project_id, time.time() * 1000 - SETTLED_MS)
        if not blocks:
            break
        with write_turn():
            TagBlock.objects.bulk_create(blocks, ignore_conflicts=True)
        made += len(blocks)
        yield_after(time.monotonic() - began)
    return made


def build_next_blocks(project_id: UUID, received_before: float) -> list[TagBlock]:
    own = TagBlock.objects.filter(project_id=project_id).order_by("-first")
    newest = own.values_list("last", flat=True).first() or 0
    rows = ModelInteraction.objects.filter(project_id=project_id, number__gt=newest)
    waiting = rows.order_by("number").values_list("number", "received_at")
    # Mostly there is too little for a block, which one entry of an index tells.
    if not waiting[BLOCK - 1 : BLOCK]:
        return []
    found = list(waiting[: BLOCK * BLOCKS_AT_ONCE])
    blocks = []
    for start in range(0, len(found) - BLOCK + 1, BLOCK):
        part = found[start : start + BLOCK]
        if max(received for _, received in part) >= received_before:
            break
        numbers = [number for number, _ in part]
        digests = digest_payloads(project_id, numbers)
        ends = {"first": numbers[0], "last": numbers[-1]}
        blocks.append(TagBlock(project_id=project_id, digests=digests, **ends))
    return blocks


def find_ranges(
    project_id: UUID, tags: Iterable[str], start: int, *, backwards: bool, most: int
) -> Ranges:
    """Ranges of numbers beside `start`, nearest first, that may hold all of these tags.

    Older than the oldest block they end after `most` interactions, newer than the newest as well.
    """
    wanted = [digest_tag(project_id, tag) for tag in tags]
    edge = start + 1 if backwards else start - 1  # the next number that nothing is known of
    for block in read_blocks(project_id, start, backwards=backwards):
        near, far = (block.first, block.last) if backwards else (block.last, block.first)
        if (near > edge) if backwards else (near < edge):
            yield order_range(edge, near - 1 if backwards else near + 1)
        if all(digest in bytes(block.digests) for digest in wanted):
            yield order_range(max(edge, near) if backwards else min(edge, near), far)
        edge = far + 1 if backwards else far - 1
    yield order_range(edge, find_end(project_id, edge, backwards=backwards, most=most))


def order_range(one: int, other: int) -> tuple[int, int]:
    return (one, other) if one <= other else (other, one)


def read_blocks(project_id: UUID, start: int, *, backwards: bool) -> Iterator[TagBlock]:
    rows = TagBlock.objects.filter(project_id=project_id)
    older = rows.filter(first__lt=start).order_by("-first")
    if not backwards:
        yield from older[:MOST_READ].iterator(READ_AT_ONCE)
        return
    # The one that holds `start` begins before it.
    holding = older.values_list("first", flat=True).first() or 0
    for block in (
        rows.filter(first__gte=holding).order_by("first")[:MOST_READ].iterator(READ_AT_ONCE)
    ):
        if block.last > start:
            yield block


def find_end(project_id: UUID, edge: int, *, backwards: bool, most: int) -> int:
    """The number of the interaction that is `most` further from `edge`; 0 when no older one is left."""
    rows = ModelInteraction.objects.filter(project_id=project_id)
    beyond = rows.filter(**{"number__gte" if backwards else "number__lte": edge})
    ordered = beyond.order_by("number" if backwards else "-number")
    numbers = ordered.values_list("number", flat=True)
    found = list(numbers[:most])
    if backwards:
        return found[-1] if found else edge
    return found[-1] if len(found) == most else 0


def refresh_blocks(project_id: UUID, numbers: Sequence[int]) -> None:
    """Make the blocks of these interactions again, some of which were erased."""
    ordered = sorted(numbers)
    if not ordered:
        return
    own = TagBlock.objects.filter(project_id=project_id)
    for block in own.filter(last__gte=ordered[0], first__lte=ordered[-1]):
        at = bisect_left(ordered, block.first)
        if at < len(ordered) and ordered[at] <= block.last:
            rows = ModelInteraction.objects.filter(project_id=project_id)
            kept = rows.filter(number__gte=block.first, number__lte=block.last)
            block.digests = digest_payloads(project_id, list(kept.values_list("number", flat=True)))
            block.save(update_fields=["digests"])


def empty_blocks(project_id: UUID, until: int) -> None:
    """Up to this number all contents are gone: nothing is found there, and nothing is read."""
    own = TagBlock.objects.filter(project_id=project_id, first__lte=until, last__lte=until)
    own.exclude(digests=b"").update(digests=b"")


def drop_blocks(project_id: UUID, until: int) -> None:
    """Up to this number the interactions are gone, but for a few that are searched row by row."""
    TagBlock.objects.filter(project_id=project_id, first__lte=until, last__lte=until).delete()
