"""Exports the filtered list of patterns as CSV or JSONL, streamed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, StreamingHttpResponse

from featurememory.audit.record import record
from featurememory.http.pagination import read_page as keyset_page
from featurememory.lists.exports import BATCH, read_all, read_given, stream_list
from featurememory.page_access import current_project, exporting
from patterns.views.pattern_list import filter_patterns, to_uuid

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
    "success_rate",
    "duration_p95",
    "tokens_mean",
    "use_count",
    "created_at",
    "last_used",
)


def export_rows(request: HttpRequest) -> Iterator[dict[str, Any]]:
    """Exactly the rows of the filter, or those of them that are ticked, in the order of the list."""
    given, ids = read_given(request)
    criteria, queryset = filter_patterns(current_project(request), given.dict())
    if ids:
        queryset = queryset.filter(pk__in=[found for text in ids if (found := to_uuid(text))])
    shown = queryset.only("pk", *COLUMNS[1:])
    for row in read_all(lambda cursor: keyset_page(shown, criteria.sort, cursor, BATCH)):
        yield {name: getattr(row, name) for name in COLUMNS}


@exporting
def download_patterns(request: HttpRequest, kind: str) -> StreamingHttpResponse:
    """The log says that somebody took the list along, not what was searched for."""
    project = current_project(request)
    given, _ = read_given(request)
    filter_patterns(project, given.dict())  # raises for a bad filter before streaming starts
    record(project.pk, "export.made", f"patterns.{kind}")
    return stream_list("patterns", kind, COLUMNS, export_rows(request))
