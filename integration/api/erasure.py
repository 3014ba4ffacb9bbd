"""/api/v1/erasure/ and DELETE /api/v1/sessions/{id}/: forget interactions everywhere."""

from __future__ import annotations

from itertools import chain
from typing import Any
from uuid import UUID

from msgspec import Struct
from rest_framework.request import Request
from rest_framework.response import Response

from featurememory.errors import invalid, not_found
from featurememory.http.drf import key_of
from featurememory.http.endpoint import Endpoint
from featurememory.http.json_body import body_of
from featurememory.http.openapi import described
from integration.api.authentication import known_keys
from integration.erasure.delete_project import delete_project
from integration.erasure.selection import find_decisions
from integration.jobs import queue
from optimizations.decision_log.log import catch_up
from optimizations.evaluation_sets.task_texts import find_of_people
from optimizations.models import Decision
from patterns.models import ModelInteraction
from patterns.redaction.redact import name_sessions

MOST_IDS, LONGEST = 10_000, 200
MOST_READ = 20_000  # decisions that a request reads: a second


class ErasureOrder(Struct):
    """Exactly one of them."""

    interaction_ids: list[str] | None = None
    session_id: str | None = None
    tag: dict[str, str | int | float | bool] | None = None


class Erasures(Endpoint):
    scopes = {"POST": "admin"}
    body_limit = 4 << 20

    @described("Erase interactions by id, session or tag", body=ErasureOrder, status=202)
    def post(self, request: Request) -> Response:
        return start_erasure(request, read_order(body_of(request, ErasureOrder)))


class SessionErasure(Endpoint):
    scopes = {"DELETE": "admin"}

    @described("Erase every interaction of a session", status=202)
    def delete(self, request: Request, session_id: str) -> Response:
        params = read_order(ErasureOrder(session_id=session_id))
        if not has_session(key_of(request).project_id, session_id):
            raise not_found("session")
        return start_erasure(request, params)


def has_session(project_id: UUID, session_id: str) -> bool:
    """Whether something of it is stored. Where very many decisions would have to be read, the job looks."""
    names = name_sessions(project_id, session_id)
    if ModelInteraction.objects.filter(project_id=project_id, session_id__in=names).exists():
        return True
    catch_up()
    if Decision.objects.filter(project_id=project_id).count() > MOST_READ:
        return True
    others = chain(find_of_people(project_id, names, []), find_decisions(project_id, [], names))
    return any(True for _ in others)


class DeletionOrder(Struct):
    name: str


class ProjectDeletion(Endpoint):
    scopes = {"DELETE": "admin"}
    body_limit = 1 << 12

    @described("Delete the project of the key with everything in it", body=DeletionOrder)
    def delete(self, request: Request) -> Response:
        key = key_of(request)
        if body_of(request, DeletionOrder).name != key.project.name:
            raise invalid("must be the name of this key's project", "/name")
        count = delete_project(key.project, key.actor)
        known_keys.clear()
        return Response({"deleted": key.project.name, "interactions": count})


def read_order(order: ErasureOrder) -> dict[str, Any]:
    """The parameters of the job; 422 when nothing, or more than one thing, is named."""
    given = {
        name: value
        for name in order.__struct_fields__
        if (value := getattr(order, name)) not in (None, [], {}, "")
    }
    if len(given) != 1:
        raise invalid("name one of interaction_ids, session_id and tag", "")
    if len(given.get("interaction_ids", ())) > MOST_IDS:
        raise invalid(f"must hold at most {MOST_IDS:,} ids", "/interaction_ids")
    texts = [*given.get("interaction_ids", ()), given.get("session_id", ""), *given.get("tag", ())]
    if any("\x00" in text or len(text) > LONGEST for text in texts):
        raise invalid(f"must be a text of at most {LONGEST} characters without NUL", "")
    return given


def start_erasure(request: Request, params: dict[str, Any]) -> Response:
    key = key_of(request)
    job = queue.start_job(key.project, "erase", key.actor, params)
    return Response({"job": {"id": str(job.pk)}}, status=202)
