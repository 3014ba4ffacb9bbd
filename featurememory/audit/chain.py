"""The chain: each row's hash covers the row and the hash before it, so no row can be changed alone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

from django.db.models import QuerySet

from featurememory.database.write_lock import write_turn
from featurememory.models import AuditChain, AuditEntry

COVERED = ("actor", "via", "address", "action", "object", "before", "after", "reason")


def name_chain(project_id: UUID | None) -> str:
    return str(project_id) if project_id else AuditChain.SERVER


def select_entries_of(project_id: UUID | None) -> QuerySet[AuditEntry]:
    owner = {"project": None} if project_id is None else {"project_id": project_id}
    return AuditEntry.objects.filter(**owner)


def hash_entry(entry: AuditEntry, previous: str) -> str:
    """BLAKE2b over the hash before and the row's values in a fixed form."""
    owner = name_chain(entry.project_id)
    values = [owner, entry.number, entry.position, entry.at.astimezone(UTC).isoformat()]
    values += [getattr(entry, name) for name in COVERED]
    text = json.dumps([previous, *values], separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=32).hexdigest()


def seal_chain(project_id: UUID | None) -> int:
    """Chain the rows that were committed since the last time; how many."""
    waiting = select_entries_of(project_id).filter(position=None)
    if not waiting.exists():
        return 0
    with write_turn():
        AuditChain.objects.get_or_create(pk=name_chain(project_id))
        chain = AuditChain.objects.select_for_update().get(pk=name_chain(project_id))
        rows = list(waiting.order_by("number"))
        for entry in rows:
            chain.length += 1
            entry.position = chain.length
            entry.hash = chain.tip = hash_entry(entry, chain.tip)
        AuditEntry.objects.bulk_update(rows, ["position", "hash"], batch_size=200)
        chain.save()
    return len(rows)


def list_chains() -> list[UUID | None]:
    """Every project that has an audit log, and the server's (None)."""
    owners = AuditEntry.objects.order_by().values_list("project_id", flat=True).distinct()
    chains = AuditChain.objects.exclude(pk=AuditChain.SERVER).values_list("pk", flat=True)
    return [None, *sorted({*filter(None, owners), *map(UUID, chains)})]


def find_break(project_id: UUID | None) -> str:
    """What is wrong with a chain, naming the first row that does not fit; empty: it holds."""
    chain = AuditChain.objects.filter(pk=name_chain(project_id)).first() or AuditChain()
    previous, position = chain.before_first, chain.first
    for entry in list_sealed(project_id):
        if entry.position != position:
            return f"entry {entry.number} stands at {entry.position}: {position} is missing"
        if entry.hash != hash_entry(entry, previous):
            return f"entry {entry.number} does not fit: it, or the one before, was changed"
        previous, position = entry.hash, position + 1
    if position != chain.length + 1 or previous != chain.tip:
        return f"its end is missing: it had {chain.length:,} entries, {position - 1:,} are there"
    return ""


def list_sealed(project_id: UUID | None) -> Iterator[AuditEntry]:
    rows = select_entries_of(project_id).filter(position__isnull=False)
    yield from rows.order_by("position", "number").iterator(1000)


def forget_entries(project_id: UUID | None, before: datetime) -> int:
    """Delete the entries from before a moment; the chain goes on from what is kept. How many."""
    with write_turn():
        chain = AuditChain.objects.select_for_update().filter(pk=name_chain(project_id)).first()
        sealed = select_entries_of(project_id).filter(position__isnull=False)
        kept = sealed.filter(at__gte=before).order_by("position").first()
        old = sealed.filter(position__lt=kept.position) if kept else sealed
        last = old.order_by("-position").first()
        if chain is None or last is None or last.position is None:
            return 0
        chain.first, chain.before_first = last.position + 1, last.hash
        chain.save(update_fields=["first", "before_first"])
        return int(old.delete()[0])
