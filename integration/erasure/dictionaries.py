"""Compression dictionaries hold pieces of the contents they were trained on: they are replaced."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress

from featurememory.database.write_lock import write_turn
from patterns.models import Payload, PayloadDictionary
from patterns.storage import payloads

PART = 500
# Longer than any process goes on using the dictionary before the newest.
WAIT_S = payloads.CHECK_S + 1
# For when too little is left to train on: what every content has, and nobody's words.
NEUTRAL = b'{"input":"","output":"","parameters":{},"tags":{},"error":null}' * 8


def is_affected(numbers: list[int]) -> bool:
    """Whether a dictionary may have been trained on one of these contents."""
    newest = PayloadDictionary.objects.order_by("-trained_on").first()
    return newest is not None and bool(numbers) and min(numbers) <= newest.trained_on


def replace_dictionaries() -> Iterator[str]:
    """Train a new one, write all contents again with it, delete the old ones."""
    old = list(PayloadDictionary.objects.values_list("pk", flat=True))
    if payloads.train_dictionary() is None:
        PayloadDictionary.objects.create(data=NEUTRAL, trained_on=1)
        payloads.newest_dictionary.expire()
    yield "Replacing the compression dictionary"
    time.sleep(WAIT_S)
    last, count = 0, 0
    while rows := list(Payload.objects.filter(pk__gt=last).order_by("pk")[:PART]):
        last = rows[-1].pk
        count += write_again([row for row in rows if bytes(row.data)[:1] in map(one_byte, old)])
        yield ""
    PayloadDictionary.objects.filter(pk__in=old).delete()
    payloads.forget_dictionaries()
    yield f"Wrote {count:,} contents again with a new compression dictionary"


def one_byte(number: int) -> bytes:
    return bytes([number])


def write_again(rows: list[Payload]) -> int:
    changed = []
    for row in rows:
        with suppress(ValueError):  # damaged: stays what it is
            row.data = payloads.pack_json(payloads.unpack_json(row.data))
            changed.append(row)
    with write_turn():
        Payload.objects.bulk_update(changed, ["data"], batch_size=100)
    return len(changed)
