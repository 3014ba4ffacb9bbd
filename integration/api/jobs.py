"""/api/v1/jobs/: start, list, cancel and retry jobs."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from msgspec import Struct
from rest_framework.request import Request
from rest_framework.response import Response

from featurememory.errors import invalid, not_found
from featurememory.http.drf import key_of
from featurememory.http.endpoint import Endpoint, respond_with_page
from featurememory.http.idempotency import idempotent
from featurememory.http.json_body import body_of
from featurememory.http.openapi import described
from featurememory.http.pagination import parse_limit, read_page
from integration.jobs import queue
from integration.models import Job
from patterns.serializers import format_time

# The others begin with something else: a file, an erasure, a split, the page Get started.
STARTED_HERE = ("reprocess", "revert", "rollups", "retry_failed", "reprice")


class JobOrder(Struct):
    kind: str


class Jobs(Endpoint):
    scopes = {"GET": "read", "POST": "admin"}
    body_limit = 1 << 16

    @described("List jobs, newest first", many=True)
    def get(self, request: Request) -> Response:
        limit = parse_limit(request.query_params.get("limit"))
        rows = Job.objects.filter(project_id=key_of(request).project_id)
        found = read_page(rows, "-created_at", request.query_params.get("cursor"), limit)
        return respond_with_page(request, found, [serialize_job(job) for job in found.rows], limit)

    @described(
        "Start a job: reprocess, revert, rollups, retry_failed or reprice",
        body=JobOrder,
        status=202,
    )
    @idempotent
    def post(self, request: Request) -> Response:
        order = body_of(request, JobOrder)
        if order.kind == "erase":
            raise invalid("an erasure starts with POST /api/v1/erasure/", "/kind")
        if order.kind == "import":
            raise invalid("an import starts with a file: use the page Jobs or the command", "/kind")
        if order.kind == "follow_split":
            raise invalid("it starts with a split on the page of a pattern", "/kind")
        if order.kind not in STARTED_HERE:
            raise invalid(f"must be among {', '.join(STARTED_HERE)}", "/kind")
        key = key_of(request)
        job = queue.start_job(key.project, order.kind, key.actor)
        return Response(serialize_job(job), status=202)


class JobDetail(Endpoint):
    scopes = {"GET": "read"}

    @described("Show one job")
    def get(self, request: Request, job_id: str) -> Response:
        return Response(serialize_job(find_job(request, job_id)))


class JobVerb(Endpoint):
    """POST /jobs/{id}/cancel/ and /retry/."""

    scopes = {"POST": "admin"}
    body_limit = 1 << 16

    @described("Cancel a job, or resume a failed or cancelled one")
    def post(self, request: Request, job_id: str, verb: str) -> Response:
        job = find_job(request, job_id)
        {"cancel": queue.cancel_job, "retry": queue.retry_job}[verb](job)
        return Response(serialize_job(job))


def find_job(request: Request, job_id: str) -> Job:
    try:
        uuid = UUID(job_id)
    except ValueError:
        raise not_found("job") from None
    job = Job.objects.filter(project_id=key_of(request).project_id, pk=uuid).first()
    if job is None:
        raise not_found("job")
    return job


def serialize_job(job: Job) -> dict[str, Any]:
    return {
        "id": str(job.pk),
        "kind": job.kind,
        "state": job.state,
        "done": job.done,
        "total": job.total,
        "unit": job.unit,
        "seconds_left": job.seconds_left,
        "actor": job.actor,
        "created_at": format_time(job.created_at),
        "started_at": format_time(job.started_at),
        "ended_at": format_time(job.ended_at),
        "result": job.cursor.get("receipt") if job.kind == "erase" else None,
        "log": [{"at": at, "text": text} for at, text in job.log],
    }
