"""Writes the audit log: a row in the transaction of the change, chained after its commit."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction

from featurememory.audit.chain import seal_chain
from featurememory.audit.origin import current_origin
from featurememory.database.stored_text import remove_nul
from featurememory.models import AuditEntry

# Characters of a value before or after.
MOST = 8000


def record(
    project_id: UUID | None,
    action: str,
    target: str = "",
    *,
    actor: str = "",
    before: Any = None,
    after: Any = None,
    reason: str = "",
) -> None:
    """One entry; without a project it is the server's. Call it in the transaction of the change."""
    record_all(project_id, [make_entry(action, target, actor, before, after, reason)])


def record_all(project_id: UUID | None, entries: Iterable[AuditEntry]) -> None:
    made = list(entries)
    for entry in made:
        entry.project_id = project_id
    AuditEntry.objects.bulk_create(made)
    if made:  # robust: what was not chained now is chained with the next
        transaction.on_commit(partial(seal_chain, project_id), robust=True)


def make_entry(
    action: str,
    target: str = "",
    actor: str = "",
    before: Any = None,
    after: Any = None,
    reason: str = "",
) -> AuditEntry:
    origin = current_origin()
    return AuditEntry(
        actor=remove_nul(actor or origin.name_actor())[:150],
        via=origin.via,
        address=remove_nul(origin.address)[:64],
        action=action[:40],
        object=remove_nul(target)[:300],
        before=encode(before),
        after=encode(after),
        reason=remove_nul(reason)[:400],
    )


def encode(value: Any) -> str:
    """JSON in one fixed form; what is too long is cut and says so. Empty for None."""
    if value is None:
        return ""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)
    return text if len(text) <= MOST else json.dumps({"shortened": text[:MOST]})


def name_ids(ids: Iterable[Any]) -> str:
    """The first ids, and how many more there are."""
    names = [str(one) for one in ids]
    shown = ", ".join(names[:5])
    return shown if len(names) <= 5 else f"{shown} and {len(names) - 5:,} more"
