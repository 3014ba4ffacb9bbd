"""/api/v1/interactions/: store, list and show interactions."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from django.conf import settings
from msgspec import Raw
from rest_framework.request import Request
from rest_framework.response import Response

from featurememory.errors import ErrorCode, FeatureMemoryError, invalid, not_found
from featurememory.http.drf import key_of
from featurememory.http.endpoint import Endpoint, respond_with_page
from featurememory.http.idempotency import derive_item_id, idempotent
from featurememory.http.json_body import decode_json
from featurememory.http.openapi import described
from featurememory.http.pagination import parse_limit, read_nearby_page, read_page
from featurememory.http.problems import build_problem
from featurememory.http.request_body import read_body
from patterns.ingest.schema import Arrival, Interaction, build_arrival, parse_interaction
from patterns.ingest.wakeup import wake_learner
from patterns.ingest.writer import store_arrivals
from patterns.models import ModelInteraction, Payload
from patterns.recognition.explain import explain_match
from patterns.serializers import find_redirects, serialize_interaction, serialize_interactions

JSON, NDJSON = "application/json", "application/x-ndjson"


class Interactions(Endpoint):
    scopes = {"GET": "read", "POST": "ingest"}
    body_limit = settings.BODY_LIMIT

    @described("Store one interaction", body=Interaction, status=201)
    @idempotent
    def post(self, request: Request) -> Response:
        raw = read_body(request._request, settings.BODY_LIMIT)
        item = parse_interaction(raw)
        item.id = item.id or derive_item_id(request)
        made = build_arrival(item)
        project = key_of(request).project
        is_new = store_arrivals(project.pk, [made]).stored[0]
        if is_new:
            wake_learner(project.pk)
        status = "stored" if is_new else "duplicate"
        return Response({"id": made.id, "status": status}, status=201 if is_new else 200)

    @described(
        "List interactions, newest first",
        many=True,
        query={
            "pattern_id": "Only those of this pattern",
            "model_id": "Only those of this model",
            "session_id": "Only those of this session",
        },
    )
    def get(self, request: Request) -> Response:
        limit = parse_limit(request.query_params.get("limit"))
        everything = ModelInteraction.objects.filter(project_id=key_of(request).project_id)
        rows, cursor = (
            filter_interactions(everything, request.query_params),
            request.query_params.get("cursor"),
        )
        if request.query_params.get("model_id") or request.query_params.get("session_id"):
            found = read_nearby_page(rows, everything, cursor, limit, key="number")
        else:
            found = read_page(rows, "-number", cursor, limit, key="number")
        return respond_with_page(request, found, serialize_interactions(found.rows), limit)


def filter_interactions(rows: Any, query: Any) -> Any:
    """The rows that match model_id, session_id and pattern_id of the query. 404 for a bad pattern id,
    422 for a value with NUL."""
    from patterns.curation.history import parse_id
    from patterns.serializers import family_of

    for name in ("model_id", "session_id"):
        if value := query.get(name):
            if "\x00" in value:
                raise invalid("must not contain NUL", f"/{name}")
            rows = rows.filter(**{name: value})
    if value := query.get("pattern_id"):
        rows = rows.filter(pattern_id__in=list(family_of([parse_id(value)])))
    return rows


class InteractionDetail(Endpoint):
    scopes = {"GET": "read"}

    @described("Show one interaction, with why it belongs to its pattern")
    def get(self, request: Request, interaction_id: str) -> Response:
        row = find_interaction(key_of(request).project_id, interaction_id)
        payload = Payload.objects.filter(pk=row.number).first()
        data = bytes(payload.data) if payload else None
        live = find_redirects([row.pattern_id] if row.pattern_id else [])
        return Response(serialize_interaction(row, data, live, explain_match(row, data)))


def find_interaction(project_id: Any, name: str) -> ModelInteraction:
    """The interaction of this id; 404 when the project has none."""
    if "\x00" in name or len(name) > 128:
        raise not_found("interaction")
    row = ModelInteraction.objects.filter(project_id=project_id, id=name).first()
    if row is None:
        raise not_found("interaction")
    return row


class InteractionBatch(Endpoint):
    scopes = {"POST": "ingest"}
    body_limit = settings.BATCH_BODY_LIMIT

    @described(
        "Store up to 1,000 interactions; good ones are stored though others fail",
        body=Annotated[list[Interaction], msgspec.Meta(max_length=1000)],
        status=207,
    )
    @idempotent
    def post(self, request: Request) -> Response:
        items = read_items(request)
        if len(items) > settings.BATCH_ITEM_LIMIT:
            raise FeatureMemoryError(
                f"A batch holds at most {settings.BATCH_ITEM_LIMIT:,} interactions, "
                f"this one has {len(items):,}.",
                ErrorCode.TOO_LARGE,
            )
        accepted, rejected = parse_items(items, request)
        project = key_of(request).project
        stored = sum(store_arrivals(project.pk, accepted).stored)
        if stored:
            wake_learner(project.pk)
        body = {"accepted": stored, "duplicates": len(accepted) - stored, "rejected": rejected}
        return Response(body, status=207)


def read_items(request: Request) -> list[bytes]:
    """The raw JSON of each item: of the array, or of the non-empty lines (NDJSON)."""
    raw = read_body(request._request, settings.BATCH_BODY_LIMIT, (JSON, NDJSON))
    if request._request.content_type == NDJSON:
        return [line for line in raw.splitlines() if line.strip()]
    return [bytes(item) for item in decode_json(raw, list[Raw])]


def parse_items(items: list[bytes], request: Request) -> tuple[list[Arrival], list[dict[str, Any]]]:
    """Valid items as arrivals, and {"index", "problem"} for each invalid one."""
    accepted, rejected = [], []
    for index, item in enumerate(items):
        try:
            parsed = parse_interaction(item)
            parsed.id = parsed.id or derive_item_id(request, index)
            accepted.append(build_arrival(parsed))
        except FeatureMemoryError as error:
            rejected.append({"index": index, "problem": build_problem(error, request.path)})
    return accepted, rejected
