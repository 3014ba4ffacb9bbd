"""The list of activity: who or what changed what, with Undo where it is still possible."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape

from django.utils import timezone

from featurememory.http.base_path import place_path
from featurememory.lists import periods
from featurememory.lists.column_kinds import moment_column, word_column
from featurememory.lists.columns import ListColumn, ListFilter, ListSpec
from featurememory.lists.listing import Listing
from featurememory.lists.query_list import QueryList
from featurememory.models import Activity
from featurememory.templatetags import figures
from patterns.curation.history import UNDO_PERIOD
from patterns.models import Operation


@dataclass(frozen=True)
class ActivityLine:
    entry: Activity
    can_undo: bool


def build_lines(entries: Sequence[Activity], *, may_change: bool) -> list[ActivityLine]:
    ids = [entry.operation_id for entry in entries if entry.operation_id]
    since = timezone.now() - UNDO_PERIOD
    still = Operation.objects.filter(pk__in=ids, undone_at=None, at__gt=since)
    undoable = set(still.values_list("pk", flat=True)) if ids and may_change else set()
    return [ActivityLine(entry, entry.operation_id in undoable) for entry in entries]


def hide_undo_column(listing: Listing) -> None:
    """A column of nothing takes room: it goes while no row can be undone."""
    if not any(line.can_undo for line in listing.rows):
        names = tuple(name for name in listing.layout.names if name != "undo")
        listing.layout = replace(listing.layout, names=names)


def write_summary(line: ActivityLine) -> str:
    text = f'<span class="cut">{escape(line.entry.summary)}</span>'
    if not line.entry.link:
        return text
    return f'<a class="row" href="{escape(place_path(line.entry.link))}">{text}</a>'


def write_undo(line: ActivityLine) -> str:
    if not line.can_undo:
        return ""
    return (
        f'<button class="btn flat over" name="operation_id" value="{line.entry.operation_id}" '
        f'formmethod="post" formaction="{place_path("/patterns/restore/")}">Undo</button>'
    )


COLUMNS = (
    ListColumn("summary", "What", write_summary, css="full"),
    word_column("entry.verb", "Kind"),
    word_column("entry.actor", "By"),
    moment_column("entry.at", "When", figures.ago),
    ListColumn("undo", "Undo", write_undo, css="tight"),
)
FILTERS = (
    ListFilter("q", "Search", kind="search", offered=False),
    ListFilter("range", "When", kind="choice", choices=periods.CHOICES, offered=False),
    ListFilter("actor", "By"),
    ListFilter("verb", "Kind"),
)
SPEC = ListSpec(
    name="activity",
    path="/activity/",
    title="Activity",
    noun="change",
    columns=COLUMNS,
    filters=FILTERS,
    default_sort="-at",
    row_id=lambda line: str(line.entry.pk),
    row_link=lambda line: line.entry.link,
    search="Search what was changed   ( / )",
    part="_activity.html",
    peek="_activity_peek.html",
)
ACTIVITY = QueryList(
    spec=SPEC,
    select=lambda project: Activity.objects.filter(project=project).order_by(),
    exported=("id", "at", "actor", "verb", "summary", "link", "operation_id"),
    lookups={"actor": "actor", "verb": "verb"},
    searched=("summary",),
    time_field="at",
    tabs=(("All", {}), ("By the memory", {"actor": "memory"})),
)
