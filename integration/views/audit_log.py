"""The audit log as a page, for people who may change something."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse

from featurememory.http import pagination
from featurememory.models import AuditEntry
from featurememory.page_access import changing, current_project, render_page
from featurememory.templatetags import figures
from featurememory.templatetags.drawings import short_ids
from integration.api.audit import filter_entries, select_entries

SIGNING_IN = {
    "login.ok": "Signed in",
    "login.failed": "Sign-in refused",
    "logout.ok": "Signed out",
}
WAYS = {
    "page": "in the browser",
    "key": "with an API key",
    "command": "on the command line",
    "engine": "in the background",
}
VALUES_SHOWN = 3
CHARACTERS_SHOWN = 60
MILLISECONDS = 10**12  # a whole number above this is a moment, since the epoch


@dataclass(frozen=True)
class AuditLine:
    """An entry in words: what was done, how, and the plain values that changed."""

    entry: AuditEntry
    action: str
    way: str
    change: str


@changing
def list_entries(request: HttpRequest) -> HttpResponse:
    rows = filter_entries(select_entries(current_project(request)), request.GET)
    found = pagination.read_page(rows, "-number", request.GET.get("cursor"), 50, key="number")
    context = {"page": found, "lines": [describe_entry(entry) for entry in found.rows]}
    return render_page(request, "audit.html", "_audit.html", context)


def describe_entry(entry: AuditEntry) -> AuditLine:
    words = entry.action.replace(".", " ").replace("_", " ").capitalize()
    action = SIGNING_IN.get(entry.action, words)
    change = describe_change(read_values(entry.before), read_values(entry.after))
    return AuditLine(entry, action, WAYS.get(entry.via, entry.via), change)


def read_values(text: str) -> dict[str, Any]:
    """The values before or after; none where the entry has none, or no object."""
    values = json.loads(text) if text else {}
    return values if isinstance(values, dict) else {}


def describe_change(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """ "status: candidate → trial"; values that are lists or objects are left to the details."""
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    plain = [name for name in names if is_plain(before.get(name)) and is_plain(after.get(name))]
    texts = [describe_value(name, before, after) for name in plain[:VALUES_SHOWN]]
    return ", ".join(texts)


def describe_value(name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    old, new = (write_value(one.get(name)) for one in (before, after))
    label = name.replace("_", " ")
    return (
        f"{label}: {old} → {new}" if name in before and name in after else f"{label}: {new or old}"
    )


def is_plain(value: Any) -> bool:
    return not isinstance(value, dict | list)


def write_value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and value > MILLISECONDS:
        return figures.day(value)
    return "none" if value is None else short_ids(str(value))[:CHARACTERS_SHOWN]
