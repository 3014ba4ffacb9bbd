"""/api/v1/audit/: who did what in the project, and who signed in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from featurememory.audit.chain import seal_chain
from featurememory.http.drf import key_of
from featurememory.http.endpoint import Endpoint, respond_with_page
from featurememory.http.openapi import described
from featurememory.http.pagination import parse_limit, read_page
from featurememory.models import AuditEntry, Project
from patterns.criteria import parse_moment, parse_text
from patterns.serializers import format_time

# Of the server's own log a project sees who signed in, and who came or became what: its people are
# among them.
ABOUT_PEOPLE = ("login.", "logout.", "user.", "right.", "factor.")
SIGN_INS = Q(project=None) & reduce(or_, (Q(action__startswith=word) for word in ABOUT_PEOPLE))


class AuditLog(Endpoint):
    scopes = {"GET": "admin"}

    @described("The audit log, newest first; filters: from, to, actor, action", many=True)
    def get(self, request: Request) -> Response:
        query, project = request.query_params, key_of(request).project
        limit = parse_limit(query.get("limit"))
        rows = filter_entries(select_entries(project), query)
        found = read_page(rows, "-number", query.get("cursor"), limit, key="number")
        return respond_with_page(
            request, found, [serialize_entry(one) for one in found.rows], limit
        )


def select_entries(project: Project) -> QuerySet[AuditEntry]:
    """The project's entries and the sign-ins; what was just committed is chained first."""
    for owner in (project.pk, None):
        seal_chain(owner)
    return AuditEntry.objects.filter(Q(project=project) | SIGN_INS)


def filter_entries(rows: QuerySet[AuditEntry], query: Mapping[str, Any]) -> QuerySet[AuditEntry]:
    """422 for a time that is none. `action` is a whole word or its beginning up to a dot."""
    if since := query.get("from"):
        rows = rows.filter(at__gte=parse_moment(since, "/from"))
    if until := query.get("to"):
        rows = rows.filter(at__lt=parse_moment(until, "/to"))
    if actor := query.get("actor"):
        rows = rows.filter(actor=parse_text(actor, "/actor"))
    if action := query.get("action"):
        word = parse_text(action, "/action").rstrip(".")
        rows = rows.filter(Q(action=word) | Q(action__startswith=f"{word}."))
    return rows


def serialize_entry(entry: AuditEntry) -> dict[str, Any]:
    return {
        "number": entry.number,
        "at": format_time(entry.at),
        "actor": entry.actor,
        "via": entry.via,
        "address": entry.address,
        "ip": entry.address,  # the name that collectors of logs look for
        "action": entry.action,
        "object": entry.object,
        "before": json.loads(entry.before) if entry.before else None,
        "after": json.loads(entry.after) if entry.after else None,
        "reason": entry.reason,
        "hash": entry.hash,
    }
