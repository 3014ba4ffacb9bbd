"""Bounds the bytes of payloads in one answer: 200 interactions of 1 MB were 200 MB of it."""

from __future__ import annotations

from collections.abc import Sequence

import zstandard
from django.db.models import BinaryField
from django.db.models.functions import Substr

from featurememory.http.pagination import Page, encode_cursor
from patterns.models import ModelInteraction, Payload
from patterns.storage.payloads import Stored

# Unpacked bytes of the payloads on a page. One interaction is shown whatever it has.
PAGE_BYTES = 8 << 20
# Our byte, and the longest header of a Zstandard frame, which tells the unpacked size.
HEAD = 1 + 18


def cut_to_bytes(found: Page[ModelInteraction], most: int | None = None) -> Page[ModelInteraction]:
    """The first rows of the page whose payloads have `most` bytes together, at least one; the next page
    begins behind them."""
    most = PAGE_BYTES if most is None else most
    sizes = measure_payloads(found.rows)
    total = 0
    for place, row in enumerate(found.rows):
        total += sizes.get(row.number, 0)
        if total > most and place:
            last = found.rows[place - 1].number
            rest = encode_cursor(["n", last, str(last)])
            return Page(found.rows[:place], rest, found.previous)
    return found


def measure_payloads(rows: Sequence[ModelInteraction]) -> dict[int, int]:
    """Unpacked bytes of the rows' payloads, read from their first bytes only."""
    heads = Payload.objects.filter(pk__in=[row.number for row in rows]).annotate(
        head=Substr("data", 1, HEAD, output_field=BinaryField())
    )
    return {number: read_size(head) for number, head in heads.values_list("number", "head")}


def read_size(head: Stored) -> int:
    try:
        return max(0, zstandard.frame_content_size(bytes(head)[1:]))
    except zstandard.ZstdError:  # a damaged payload is shown as nulls
        return 0
