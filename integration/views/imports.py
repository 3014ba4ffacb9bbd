"""Importing a file on the page Jobs: upload it, look at its first rows, start it, get its errors."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render

from featurememory.errors import FeatureMemoryError
from featurememory.page_access import changing, current_project, page
from integration.dialects.history.columns import FIELDS, check_fields
from integration.dialects.history.formats import AUTO, NAMES
from integration.jobs import queue
from integration.jobs.import_preview import preview_import
from integration.jobs.uploads import folder
from integration.models import Job

IGNORED = "-"  # a column that is read as no field


def describe_preview(request: HttpRequest, job: Job) -> dict[str, Any]:
    """What the page of a draft shows, as chosen on it so far."""
    name, mapping = read_choice(request)
    preview = preview_import(Path(job.params["path"]), name, mapping)
    fields = [*sorted(FIELDS), "tags.env", "tags.user", "parameters.temperature"]
    names = [known for known in NAMES if known != AUTO]
    return {"preview": preview, "fields": fields, "formats": names, "ignored": IGNORED}


def read_choice(request: HttpRequest) -> tuple[str, dict[str, str] | None]:
    """The format and the mapping of the form; no mapping where none was chosen."""
    given = request.POST if request.method == "POST" else request.GET
    name = given.get("format", AUTO)
    columns, fields = given.getlist("column"), given.getlist("field")
    chosen = {
        column: field
        for column, field in zip(columns, fields, strict=False)
        if field and field != IGNORED
    }
    return (name if name in NAMES else AUTO), (chosen or None)


@changing
def start_import(request: HttpRequest, pk: UUID) -> HttpResponse:
    job = find_import(request, pk)
    if request.method != "POST":
        return redirect("job", job.pk)
    name, mapping = read_choice(request)
    try:
        check_fields((mapping or {}).values())
    except FeatureMemoryError as error:
        context = {"job": job, "problem": error.message, **describe_preview(request, job)}
        return render(request, "jobs/detail.html", context, status=422)
    queue.start_draft(job, name, mapping or {})
    return redirect("job", job.pk)


@page
def download_errors(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """The rows that were refused, as CSV."""
    path = Path(find_import(request, pk).cursor.get("errors", ""))
    if path.parent != folder() or not path.is_file():
        raise Http404
    return FileResponse(path.open("rb"), as_attachment=True, filename="errors.csv")


def find_import(request: HttpRequest, pk: UUID) -> Job:
    return get_object_or_404(Job, pk=pk, project=current_project(request), kind="import")
