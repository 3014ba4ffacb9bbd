"""What expressions would take out of texts that are stored already: looked at before they are saved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from patterns.models import ModelInteraction, Payload
from patterns.redaction.detectors import CLOSE, OPEN
from patterns.redaction.own_expressions import Own, compile_rows
from patterns.storage.payloads import unpack_payload

LOOKED_AT, MOST_BYTES = 300, 4 << 20  # newest interactions, and their texts together
EXAMPLES, AROUND = 3, 30  # per expression; characters shown on each side


@dataclass
class TriedExpressions:
    """How many stored interactions were looked at, and what each expression found in them."""

    looked_at: int = 0
    interactions: Counter[str] = field(default_factory=Counter)
    matches: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[dict[str, str]]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        found = [
            {
                "name": name,
                "interactions": self.interactions[name],
                "matches": self.matches[name],
                "examples": examples,
            }
            for name, examples in self.examples.items()
        ]
        return {"looked_at": self.looked_at, "found": found}


def try_expressions(project_id: UUID, rows: Sequence[Mapping[str, str]]) -> TriedExpressions:
    """Each alone over the newest interactions of the project. Changes nothing."""
    own = compile_rows(rows)
    trial = TriedExpressions(examples={name: [] for name, _ in own})
    for content in read_newest(project_id):
        trial.looked_at += 1
        look_at(trial, own, content)
    return trial


def read_newest(project_id: UUID) -> Iterator[Any]:
    newest = ModelInteraction.objects.filter(project_id=project_id).order_by("-number")
    numbers = list(newest.values_list("number", flat=True)[:LOOKED_AT])
    data, size = Payload.objects.filter(pk__in=numbers).order_by("-pk"), 0
    for packed in data.values_list("data", flat=True).iterator(20):
        if size > MOST_BYTES:
            return
        with suppress(ValueError):  # damaged: nobody can read it
            content = unpack_payload(packed)
            size += sum(map(len, list_texts(content)))
            yield content


def look_at(trial: TriedExpressions, own: Own, content: Any) -> None:
    texts = list(list_texts(content))
    for name, expression in own:
        found = [
            show_match(name, text, match)
            for text in texts
            for match in expression.finditer(text.encode("utf-8", "replace").decode())
        ]
        trial.matches[name] += len(found)
        trial.interactions[name] += bool(found)
        if found and len(trial.examples[name]) < EXAMPLES:
            trial.examples[name].append(found[0])


def list_texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from list_texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from list_texts(inner)
    elif isinstance(value, int) and not isinstance(value, bool):
        yield str(value)


def show_match(name: str, text: str, match: Any) -> dict[str, str]:
    """What stands there now, and what would, with a little around it."""
    start, end = match.span()
    left = ("…" if start > AROUND else "") + text[max(0, start - AROUND) : start]
    right = text[end : end + AROUND] + ("…" if end + AROUND < len(text) else "")
    return {"before": left + match.group() + right, "after": f"{left}{OPEN}{name}{CLOSE}{right}"}
