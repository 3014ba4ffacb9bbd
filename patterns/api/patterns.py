"""/api/v1/patterns/: read patterns and their history; change label, pin and status."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType
from rest_framework.request import Request
from rest_framework.response import Response

from featurememory.errors import invalid, not_found
from featurememory.http.drf import key_of
from featurememory.http.endpoint import Endpoint, respond_with_page
from featurememory.http.json_body import body_of
from featurememory.http.openapi import described
from featurememory.http.pagination import Page, parse_limit, read_page
from patterns.api.page_bytes import cut_to_bytes
from patterns.api.pattern_schema import PATTERN, PATTERNS
from patterns.criteria import PatternCriteria, parse_id
from patterns.curation import editing
from patterns.models import ModelInteraction, Pattern, PatternEvent
from patterns.recognition.related import find_related
from patterns.serializers import (
    family_of,
    serialize_event,
    serialize_interactions,
    serialize_patterns,
)

FILTERS = {
    "status": "candidate, validated, drifting, archived; several with commas",
    "model_id": "The incumbent model",
    "task_type": "Exactly this task type",
    "min_confidence": "0 to 1",
    "min_effectiveness": "0 to 1",
    "used_before": "RFC 3339 time",
    "used_after": "RFC 3339 time",
    "range": "Used in the last 24h, 7d, 30d or 90d",
    "q": "Text in template, label or task type, or an id",
    "sort": "use_count, confidence, effectiveness, last_used, created_at; - descends",
}
Ids = Annotated[list[str], Meta(min_length=1, max_length=10_000)]


class Patterns(Endpoint):
    scopes = {"GET": "read"}

    @described("List patterns", many=True, query=FILTERS, answer=PATTERNS)
    def get(self, request: Request) -> Response:
        query = request.query_params
        criteria = PatternCriteria.parse(query.dict())
        limit = parse_limit(query.get("limit"))
        rows = Pattern.objects.filter(project_id=key_of(request).project_id)
        shown = criteria.apply_in_order(rows).defer("state", "parts")
        found = read_page(shown, criteria.sort, query.get("cursor"), limit)
        return respond_with_page(request, found, serialize_patterns(found.rows), limit)


class PatternEdit(Struct):
    label: Annotated[str, Meta(max_length=200, pattern=r"^[^\x00]*$")] | UnsetType | None = UNSET
    pinned: bool | UnsetType = UNSET
    status: str | UnsetType = UNSET


class PatternDetail(Endpoint):
    scopes = {"GET": "read", "PATCH": "edit"}

    @described(
        "Show one pattern; the id of a merged one shows the pattern that took over", answer=PATTERN
    )
    def get(self, request: Request, pattern_id: str) -> Response:
        return Response(serialize_patterns([find_pattern(request, pattern_id)])[0])

    @described("Change label, pinned or status", body=PatternEdit, answer=PATTERN)
    def patch(self, request: Request, pattern_id: str) -> Response:
        row = find_pattern(request, pattern_id)
        change = body_of(request, PatternEdit)
        given = {k: v for k, v in msgspec.structs.asdict(change).items() if v is not UNSET}
        if given.get("status", "candidate") not in Pattern.PatternStatus.values:
            raise invalid(f"must be among {', '.join(Pattern.PatternStatus.values)}", "/status")
        if "label" in given:
            given["label"] = given["label"] or ""
        row = editing.edit_pattern(key_of(request).project, row, key_of(request).actor, **given)
        return Response(serialize_patterns([row])[0])


def find_pattern(request: Request, pattern_id: str) -> Pattern:
    """The pattern of this id in the key's project, following the redirects of merges."""
    rows = Pattern.objects.filter(project_id=key_of(request).project_id)
    row = rows.filter(pk=parse_id(pattern_id)).first()
    if row is not None and row.redirect_to:
        row = rows.filter(pk=row.redirect_to).first()
    if row is None:
        raise not_found("pattern")
    return row


class Related(Endpoint):
    scopes = {"GET": "read"}

    @described("Patterns most like this one", many=True)
    def get(self, request: Request, pattern_id: str) -> Response:
        row = find_pattern(request, pattern_id)
        limit = parse_limit(request.query_params.get("limit"), default=10)
        near = find_related(row, limit)
        data = serialize_patterns([other for other, _ in near])
        for entry, (_, score) in zip(data, near, strict=True):
            entry["similarity"] = score
        return respond_with_page(request, Page([], None, None), data, limit)


class History(Endpoint):
    scopes = {"GET": "read"}

    @described("The history of this pattern, newest first", many=True)
    def get(self, request: Request, pattern_id: str) -> Response:
        row = find_pattern(request, pattern_id)
        limit = parse_limit(request.query_params.get("limit"))
        rows = PatternEvent.objects.filter(project_id=row.project_id, pattern_id=row.pk)
        found = read_page(rows, "-id", request.query_params.get("cursor"), limit, key="id")
        return respond_with_page(
            request, found, [serialize_event(entry) for entry in found.rows], limit
        )


class Examples(Endpoint):
    scopes = {"GET": "read"}

    @described("Interactions of this pattern, newest first", many=True)
    def get(self, request: Request, pattern_id: str) -> Response:
        row = find_pattern(request, pattern_id)
        limit = parse_limit(request.query_params.get("limit"), default=20)
        rows = ModelInteraction.objects.filter(
            project_id=row.project_id, pattern_id__in=list(family_of([row.pk]))
        )
        cursor = request.query_params.get("cursor")
        found = cut_to_bytes(read_page(rows, "-number", cursor, limit, key="number"))
        return respond_with_page(request, found, serialize_interactions(found.rows), limit)
