"""The history of a pattern for people: what changed, who noted what, and its templates as diffs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from typing import Any
from uuid import UUID

from featurememory.models import Project
from patterns.models import PatternEvent

READ, SHOWN, DIFFS = 80, 8, 5
LONGEST = 600  # words of a template that are compared
NOTE, TEMPLATE = PatternEvent.NOTE, "template"
WORDS = re.compile(r"<[\w.\-]+>|\w+|\s+|.", re.DOTALL)


@dataclass(frozen=True)
class DiffPart:
    """A stretch of text: `same`, `gone` or `new`."""

    kind: str
    text: str


@dataclass(frozen=True)
class TemplateChange:
    at: datetime
    parts: list[DiffPart]


class PatternHistory:
    """Read in one query; the newest first."""

    def __init__(self, project: Project, pattern_id: UUID) -> None:
        rows = PatternEvent.objects.filter(project=project, pattern_id=pattern_id)
        self.rows = list(rows.order_by("-id")[:READ])

    @property
    def notes(self) -> list[PatternEvent]:
        return [row for row in self.rows if row.kind == NOTE]

    @property
    def events(self) -> list[PatternEvent]:
        return [row for row in self.rows if row.kind not in (NOTE, TEMPLATE)][:SHOWN]

    @property
    def templates(self) -> list[TemplateChange]:
        found = [row for row in self.rows if row.kind == TEMPLATE][:DIFFS]
        return [
            TemplateChange(row.at, diff_templates(str(row.details.get("before", "")), row.template))
            for row in found
        ]


def diff_templates(before: str, after: str) -> list[DiffPart]:
    """Word by word; of long templates only the beginning is compared."""
    old, new = WORDS.findall(before)[:LONGEST], WORDS.findall(after)[:LONGEST]
    parts: list[DiffPart] = []
    for step, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if step == "equal":
            parts.append(DiffPart("same", "".join(old[i:j])))
            continue
        parts += [
            DiffPart(kind, "".join(words))
            for kind, words in (("gone", old[i:j]), ("new", new[k:m]))
            if words
        ]
    return parts


def describe_event(row: PatternEvent) -> str:
    """What happened, in words: label, pin and status with what they were set to."""
    after: Any = row.details.get("after")
    if row.kind == "label":
        return f"Renamed to “{after}”" if after else "Its name was removed"
    if row.kind == "pinned":
        return "Pinned" if after else "Unpinned"
    if row.kind == "status":
        return f"Set to {after}"
    if row.kind == "reworded":
        return str(row.details.get("text", "Reworded"))
    return row.kind.capitalize()


def list_events(rows: Sequence[PatternEvent]) -> list[dict[str, Any]]:
    return [{"at": row.at, "actor": row.actor, "text": describe_event(row)} for row in rows]
