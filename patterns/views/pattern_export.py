"""Exports the filtered list of patterns as CSV or JSONL, streamed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import msgspec
from django.http import HttpRequest, StreamingHttpResponse

from featurememory.audit.record import record
from featurememory.http.pagination import read_page as keyset_page
from featurememory.page_access import current_project, exporting
from patterns.views.chart_data import stream_csv
from patterns.views.pattern_list import filter_patterns

COLUMNS = (
    "id",
    "template",
    "label",
    "task_type",
    "model_id",
    "status",
    "pinned",
    "confidence",
    "effectiveness",
    "use_count",
    "created_at",
    "last_used",
)
BATCH = 500


def export_rows(request: HttpRequest) -> Iterator[dict[str, Any]]:
    """Exactly the rows of the filter (or the chosen ids), in the order of the list."""
    criteria, queryset = filter_patterns(request)
    if ids := request.GET.getlist("ids"):
        queryset = queryset.filter(pk__in=[value for value in ids if is_uuid(value)])
    cursor: str | None = None
    while True:
        found = keyset_page(queryset.only("pk", *COLUMNS[1:]), criteria.sort, cursor, BATCH)
        for row in found.rows:
            yield {name: to_plain(getattr(row, name)) for name in COLUMNS}
        if (cursor := found.next) is None:
            return


def is_uuid(text: str) -> bool:
    try:
        return bool(UUID(text))
    except ValueError:
        return False


def to_plain(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    return value.isoformat() if hasattr(value, "isoformat") else value


def note_export(request: HttpRequest, name: str) -> None:
    """The log says that somebody took the list along, not what was searched for."""
    record(current_project(request).pk, "export.made", name)


@exporting
def download_csv(request: HttpRequest) -> StreamingHttpResponse:
    filter_patterns(request)  # raises for a bad filter before streaming starts
    note_export(request, "patterns.csv")
    rows = (row.values() for row in export_rows(request))
    return stream_csv("patterns.csv", list(COLUMNS), rows)


@exporting
def download_jsonl(request: HttpRequest) -> StreamingHttpResponse:
    filter_patterns(request)
    note_export(request, "patterns.jsonl")
    lines = (msgspec.json.encode(row) + b"\n" for row in export_rows(request))
    response = StreamingHttpResponse(lines, content_type="application/x-ndjson")
    response["Content-Disposition"] = 'attachment; filename="patterns.jsonl"'
    return response
