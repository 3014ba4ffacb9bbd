"""Jobs with their progress. A running job's card polls every second; status 286 ends polling."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django_htmx.http import HTMX_STOP_POLLING

from featurememory.lists import periods
from featurememory.lists.listing import Listing, PeekPanel
from featurememory.lists.pages import render_list, render_panel, wants_panel
from featurememory.page_access import changing, current_project, exporting, is_part, page
from integration.jobs import queue
from integration.jobs.history_files import ENDINGS
from integration.jobs.import_preview import find_damage
from integration.jobs.uploads import remove_upload, save_upload
from integration.models import Job
from integration.views.imports import describe_preview
from integration.views.lists.jobs_list import JOBS

UPLOAD_LIMIT = 512 << 20


class StartForm(forms.Form):
    # An erasure starts with the API, which names what to erase; the demo on Get started; what follows
    # a split with the split.
    kind = forms.ChoiceField(
        choices=[
            (name, title)
            for name, (title, _) in queue.KINDS.items()
            if name not in ("erase", "demo", "follow_split")
        ]
    )
    file = forms.FileField(required=False)

    def clean(self) -> dict[str, object]:
        data = super().clean() or {}
        file = data.get("file")
        if data.get("kind") != "import":
            if file is not None:
                raise forms.ValidationError("This job takes no file; nothing was started.")
            return data
        if settings.STORAGE == "memory":
            raise forms.ValidationError(
                "This server writes nothing to disk. Send the lines to the API, in batches."
            )
        if file is None:
            raise forms.ValidationError("Choose a file to import.")
        if not file.name.lower().endswith(ENDINGS):
            raise forms.ValidationError(f"The file's name must end with {', '.join(ENDINGS)}.")
        if file.size > UPLOAD_LIMIT:
            raise forms.ValidationError("At most 512 MB; use `manage.py import` for more.")
        return data


@page
def list_jobs(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        return start_job(request)
    return render_jobs(request, StartForm())


def render_jobs(request: HttpRequest, form: StartForm, status: int = 200) -> HttpResponse:
    listing = JOBS.build(request)
    if wants_panel(request):
        return render_panel(request, listing, find_panel(request, listing))
    context = {"form": form, "suffixes": ",".join(ENDINGS), "periods": periods.CHOICES}
    response = render_list(request, listing, "jobs/list.html", context)
    response.status_code = status
    return response


def find_panel(request: HttpRequest, listing: Listing) -> PeekPanel | None:
    return JOBS.find_panel(request, listing, "jobs/_peek.html", name_panel)


def name_panel(job: Job) -> dict[str, Any]:
    return {"job": job, "title": queue.name_job(job)}


@exporting
def download_jobs(request: HttpRequest, kind: str) -> StreamingHttpResponse:
    return JOBS.download(request, kind)


@changing
def start_job(request: HttpRequest) -> HttpResponse:
    form = StartForm(request.POST, request.FILES)
    if not form.is_valid():
        return render_jobs(request, form, status=422)
    kind, file = form.cleaned_data["kind"], form.cleaned_data["file"]
    project, actor = current_project(request), request.user.get_username()
    if kind == "import":
        queue.check_drafts(project)
        params = save_upload(file)
        if damage := find_damage(Path(params["path"]), params["name"]):
            remove_upload(params["path"])
            form.add_error(None, damage)
            return render_jobs(request, form, status=422)
        job = queue.draft_import(project, actor, params)
    else:
        job = queue.start_job(project, kind, actor)
    return redirect("job", job.pk)


@page
def show_job(request: HttpRequest, pk: UUID) -> HttpResponse:
    job = find_job(request, pk)
    if is_part(request):
        status = HTMX_STOP_POLLING if job.is_over else 200
        return render(request, "jobs/_card.html", {"job": job}, status=status)
    context = name_panel(job)
    if job.state == Job.JobState.PREVIEW:
        context |= describe_preview(request, job)
    return render(request, "jobs/detail.html", context)


def find_job(request: HttpRequest, pk: UUID) -> Job:
    return get_object_or_404(Job, pk=pk, project=current_project(request))


@changing
def cancel_job(request: HttpRequest, pk: UUID) -> HttpResponse:
    job = find_job(request, pk)
    if request.method == "POST":
        queue.cancel_job(job)
    return redirect("job", job.pk)


@changing
def retry_job(request: HttpRequest, pk: UUID) -> HttpResponse:
    job = find_job(request, pk)
    if request.method == "POST":
        queue.retry_job(job)
    return redirect("job", job.pk)
