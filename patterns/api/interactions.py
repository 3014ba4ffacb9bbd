"""/api/v1/interactions/: store, list and show interactions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any
from uuid import UUID

import msgspec
from django.conf import settings
from rest_framework.request import Request
from rest_framework.response import Response

from featurememory.errors import ErrorCode, FeatureMemoryError, invalid, not_found
from featurememory.http.drf import key_of
from featurememory.http.endpoint import Endpoint, respond_with_page
from featurememory.http.idempotency import derive_item_id, idempotent
from featurememory.http.openapi import described
from featurememory.http.pagination import parse_limit, read_nearby_page, read_page
from featurememory.http.problems import build_problem
from featurememory.http.request_body import read_body
from patterns.api.page_bytes import cut_to_bytes
from patterns.criteria import parse_id
from patterns.ingest.batch_items import split_array, split_lines
from patterns.ingest.conflicts import find_conflicts
from patterns.ingest.schema import Arrival, Interaction, build_arrival, parse_interaction
from patterns.ingest.shadow_receipt import ShadowReceipt
from patterns.ingest.wakeup import wake_learner
from patterns.ingest.writer import store_arrivals
from patterns.models import ModelInteraction, Payload
from patterns.recognition.explain import explain_match
from patterns.redaction.redact import name_sessions
from patterns.serializers import find_redirects, serialize_interaction, serialize_interactions

JSON, NDJSON = "application/json", "application/x-ndjson"
CONFLICT = (
    "Another interaction is stored under this id; it stays as it is, and this one was not stored. "
    "Send it under an id of its own."
)
IGNORED = 100  # different members that an answer names


def refuse_shadow(project_id: UUID, made: Arrival) -> ShadowReceipt:
    """Shadows belong to decisions, which this app does not know: its endpoints are given a function
    that stores one."""
    raise invalid("shadows are not taken here", "/shadow_id")


class Interactions(Endpoint):
    store_shadow = staticmethod(refuse_shadow)
    scopes = {"GET": "read", "POST": "ingest"}
    body_limit = settings.BODY_LIMIT

    @described(
        "Store one interaction; a known id is a duplicate, with another content a conflict",
        body=Interaction,
        status=201,
    )
    @idempotent
    def post(self, request: Request) -> Response:
        raw = read_body(request._request, settings.BODY_LIMIT)
        item = parse_interaction(raw)
        item.id = item.id or derive_item_id(request)
        made = build_arrival(item)
        project = key_of(request).project
        if made.shadow_id is not None:
            receipt = self.store_shadow(project.pk, made)
            return Response(
                receipt.describe(made.id), 201 if receipt is ShadowReceipt.STORED else 200
            )
        stored = store_arrivals(project.pk, [made]).stored
        if stored[0]:
            wake_learner(project.pk)
        return Response(describe_stored(project.pk, made, stored), 201 if stored[0] else 200)

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
            filter_interactions(key_of(request).project_id, everything, request.query_params),
            request.query_params.get("cursor"),
        )
        if request.query_params.get("model_id") or request.query_params.get("session_id"):
            found = read_nearby_page(rows, everything, cursor, limit, key="number")
        else:
            found = read_page(rows, "-number", cursor, limit, key="number")
        found = cut_to_bytes(found)
        return respond_with_page(request, found, serialize_interactions(found.rows), limit)


def describe_stored(project_id: UUID, made: Arrival, stored: list[bool]) -> dict[str, Any]:
    """The answer to one interaction: stored, duplicate or conflict, and what was not understood."""
    differs = find_conflicts(project_id, [made], stored).get(0)
    known = "conflict" if differs else "duplicate"
    body: dict[str, Any] = {"id": made.id, "status": "stored" if stored[0] else known}
    if differs:
        body |= {"differs": differs, "detail": CONFLICT}
    if made.ignored:
        body["ignored"] = list(made.ignored)
    return body


def filter_interactions(project_id: UUID, rows: Any, query: Any) -> Any:
    """The rows that match model_id, session_id and pattern_id of the query. 404 for a bad pattern id,
    422 for a value with NUL."""
    from patterns.serializers import family_of

    for name in ("model_id", "session_id"):
        if value := query.get(name):
            if "\x00" in value:
                raise invalid("must not contain NUL", f"/{name}")
            names = name_sessions(project_id, value) if name == "session_id" else {value}
            rows = rows.filter(**{f"{name}__in": names})
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
    store_shadow = staticmethod(refuse_shadow)
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
        shadows = store_shadows(project.pk, accepted, rejected, self.store_shadow, request.path)
        arrivals = list(accepted.values())
        stored = store_arrivals(project.pk, arrivals).stored
        if any(stored):
            wake_learner(project.pk)
        conflicts = find_conflicts(project.pk, arrivals, stored)
        body: dict[str, Any] = {
            "accepted": sum(stored) + sum(one.is_accepted for one in shadows.values()),
            "duplicates": len(stored)
            - sum(stored)
            - len(conflicts)
            + list(shadows.values()).count(ShadowReceipt.DUPLICATE),
            "conflicts": len(conflicts),
            "rejected": rejected,
        }
        if conflicts:
            places = list(accepted)
            body["conflicting"] = [
                {"index": places[at], "id": arrivals[at].id, "differs": names}
                for at, names in conflicts.items()
            ]
        if unmatched := [at for at, one in shadows.items() if one is ShadowReceipt.UNMATCHED]:
            body["unmatched"] = unmatched
        if ignored := sum_ignored(accepted):
            body["ignored"] = ignored
        return Response(body, status=207)


def read_items(request: Request) -> list[bytes]:
    """The raw JSON of each item: of the array, or of the non-empty lines (NDJSON)."""
    raw = read_body(request._request, settings.BATCH_BODY_LIMIT, (JSON, NDJSON))
    return split_lines(raw) if request._request.content_type == NDJSON else split_array(raw)


def parse_items(
    items: list[bytes], request: Request
) -> tuple[dict[int, Arrival], list[dict[str, Any]]]:
    """Valid items as arrivals by their index, and {"index", "problem"} for each invalid one."""
    accepted: dict[int, Arrival] = {}
    rejected = []
    for index, item in enumerate(items):
        try:
            parsed = parse_interaction(item)
            parsed.id = parsed.id or derive_item_id(request, index)
            accepted[index] = build_arrival(parsed)
        except FeatureMemoryError as error:
            rejected.append({"index": index, "problem": build_problem(error, request.path)})
    return accepted, rejected


def store_shadows(
    project_id: UUID,
    accepted: dict[int, Arrival],
    rejected: list[dict[str, Any]],
    store: Callable[[UUID, Arrival], ShadowReceipt],
    path: str,
) -> dict[int, ShadowReceipt]:
    """Takes the shadows out of `accepted` and stores each; what became of them by index, those refused
    aside."""
    found = {}
    for index in [at for at, one in accepted.items() if one.shadow_id is not None]:
        try:
            found[index] = store(project_id, accepted.pop(index))
        except FeatureMemoryError as error:
            rejected.append({"index": index, "problem": build_problem(error, path)})
    rejected.sort(key=lambda one: one["index"])
    return found


def sum_ignored(accepted: Mapping[int, Arrival]) -> list[dict[str, Any]]:
    """The members that were not understood: how many items have each, and which is the first."""
    found: dict[str, dict[str, Any]] = {}
    for index, arrival in accepted.items():
        for pointer in arrival.ignored:
            entry = found.setdefault(pointer, {"pointer": pointer, "count": 0, "index": index})
            entry["count"] += 1
    return list(found.values())[:IGNORED]
