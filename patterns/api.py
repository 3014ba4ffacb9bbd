"""/api/v1/patterns/: what was learned, and people's decisions about it."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType
from rest_framework.request import Request
from rest_framework.response import Response

from featurememory.api import Endpoint, body_of, listing
from featurememory.bodies import read_body
from featurememory.errors import FeatureMemoryError, invalid, not_found
from featurememory.idempotency import idempotent
from featurememory.keyset import Page, limit_from, page
from featurememory.openapi import described
from featurememory.wire import key_of
from patterns import curation
from patterns.contract import Interaction, arrival, parse
from patterns.criteria import PARSERS, PatternCriteria
from patterns.engine.observation import Observation
from patterns.engine.validator import PatternValidator
from patterns.memory import memory
from patterns.models import ModelInteraction, Operation, Pattern, PatternEvent
from patterns.serializers import event, family_of, interactions, patterns

FILTERS = {
    "status": "candidate, validated, drifting, archived; several with commas",
    "model_id": "The incumbent model",
    "task_type": "Exactly this task type",
    "min_confidence": "0 to 1",
    "min_effectiveness": "0 to 1",
    "used_before": "RFC 3339 time",
    "used_after": "RFC 3339 time",
    "q": "Text in template, label or task type, or an id",
    "sort": "use_count, confidence, effectiveness, last_used, created_at; - descends",
}
Ids = Annotated[list[str], Meta(min_length=1, max_length=10_000)]


class Patterns(Endpoint):
    scopes = {"GET": "read"}

    @described("List patterns", many=True, query=FILTERS)
    def get(self, request: Request) -> Response:
        query = request.query_params
        criteria = PatternCriteria.parse(query.dict())
        limit = limit_from(query.get("limit"))
        rows = Pattern.objects.filter(project_id=key_of(request).project_id).defer("state", "parts")
        found = page(criteria.apply(rows), criteria.sort, query.get("cursor"), limit)
        return listing(request, found, patterns(found.rows), limit)


class PatternEdit(Struct):
    label: Annotated[str, Meta(max_length=200, pattern=r"^[^\x00]*$")] | UnsetType | None = UNSET
    pinned: bool | UnsetType = UNSET
    status: str | UnsetType = UNSET


class PatternDetail(Endpoint):
    scopes = {"GET": "read", "PATCH": "edit"}

    @described("Show one pattern; the id of a merged one shows the pattern that took over")
    def get(self, request: Request, pattern_id: str) -> Response:
        return Response(patterns([find(request, pattern_id)])[0])

    @described("Change label, pinned or status", body=PatternEdit)
    def patch(self, request: Request, pattern_id: str) -> Response:
        row = find(request, pattern_id)
        change = body_of(request, PatternEdit)
        given = {k: v for k, v in msgspec.structs.asdict(change).items() if v is not UNSET}
        if given.get("status", "candidate") not in Pattern.Status.values:
            raise invalid(f"must be among {', '.join(Pattern.Status.values)}", "/status")
        if "label" in given:
            given["label"] = given["label"] or ""
        row = curation.edit(key_of(request).project, row, actor(request), **given)
        return Response(patterns([row])[0])


def find(request: Request, pattern_id: str) -> Pattern:
    """The pattern of this id in the key's project, following the redirects of merges."""
    rows = Pattern.objects.filter(project_id=key_of(request).project_id)
    row = rows.filter(pk=curation.parse_id(pattern_id)).first()
    if row is not None and row.redirect_to:
        row = rows.filter(pk=row.redirect_to).first()
    if row is None:
        raise not_found("pattern")
    return row


def actor(request: Request) -> str:
    return f"key {key_of(request).name or key_of(request).public}"[:150]


class Related(Endpoint):
    scopes = {"GET": "read"}

    @described("Patterns most like this one", many=True)
    def get(self, request: Request, pattern_id: str) -> Response:
        row = find(request, pattern_id)
        limit = limit_from(request.query_params.get("limit"), default=10)
        near = related(row, limit)
        data = patterns([other for other, _ in near])
        for entry, (_, score) in zip(data, near, strict=True):
            entry["similarity"] = score
        return listing(request, Page([], None, None), data, limit)


def related(row: Pattern, limit: int) -> list[tuple[Pattern, float]]:
    """The nearest stored patterns with their similarity, 0 to 1."""
    kept = memory.for_reading(row.project_id)
    with kept.lock:
        near = kept.recognizer.related(str(row.pk), limit) if str(row.pk) in kept.recognizer else []
    rows = Pattern.objects.stored().in_bulk([curation.parse_id(name) for name, _ in near])
    pairs = [(rows.get(curation.parse_id(name)), score) for name, score in near]
    return [(other, score) for other, score in pairs if other is not None]


class History(Endpoint):
    scopes = {"GET": "read"}

    @described("What happened to this pattern, newest first", many=True)
    def get(self, request: Request, pattern_id: str) -> Response:
        row = find(request, pattern_id)
        limit = limit_from(request.query_params.get("limit"))
        rows = PatternEvent.objects.filter(project_id=row.project_id, pattern_id=row.pk)
        found = page(rows, "-id", request.query_params.get("cursor"), limit, key="id")
        return listing(request, found, [event(entry) for entry in found.rows], limit)


class Examples(Endpoint):
    scopes = {"GET": "read"}

    @described("Interactions of this pattern, newest first", many=True)
    def get(self, request: Request, pattern_id: str) -> Response:
        row = find(request, pattern_id)
        limit = limit_from(request.query_params.get("limit"), default=20)
        rows = ModelInteraction.objects.filter(
            project_id=row.project_id, pattern_id__in=list(family_of([row.pk]))
        )
        found = page(rows, "-number", request.query_params.get("cursor"), limit, key="number")
        return listing(request, found, interactions(found.rows), limit)


class Recognize(Endpoint):
    scopes = {"POST": "read"}

    @described("Which pattern this interaction belongs to; changes nothing", body=Interaction)
    def post(self, request: Request) -> Response:
        item = parse(read_body(request._request))
        arrival(item)  # refuses what could not be stored either
        observation = asked(item)
        kept = memory.for_reading(key_of(request).project_id)
        with kept.lock:
            match = kept.recognizer.match_one(observation)
            features = kept.recognizer.features_of(observation)
        shown = None
        if match is not None:
            shown = {
                "pattern_id": match.pattern_id,
                "confidence": match.confidence,
                "why": match.why,
            }
        return Response({"match": shown, "features": list(features)})


def asked(item: Interaction) -> Observation:
    from patterns.contract import content_of, epoch_ms
    from patterns.payloads import pack, unpack

    content = unpack(pack(content_of(item)))
    return Observation(
        id=item.id or "",
        input=content.get("input"),
        output=content.get("output"),
        timestamp=epoch_ms(item.metadata.timestamp) / 1000,
        parameters=content.get("parameters") or {},
        model_id=item.model_id,
        task_type=item.task_type or "",
        duration=item.metadata.duration,
        success=item.success,
        score=item.score,
        tags=content.get("tags") or {},
    )


class Verdict(Struct):
    success: bool


class Confidence(Endpoint):
    scopes = {"POST": "edit"}
    body_limit = 1 << 16

    @described("Tell whether a match of this pattern was right", body=Verdict)
    @idempotent
    def post(self, request: Request, pattern_id: str) -> Response:
        row = find(request, pattern_id)
        verdict = body_of(request, Verdict)
        row = curation.judge(key_of(request).project, row, verdict.success)
        return Response(patterns([row])[0])


class Validate(Endpoint):
    scopes = {"POST": "read"}

    @described("Check a pattern against the validation rules")
    def post(self, request: Request, pattern_id: str) -> Response:
        row = find(request, pattern_id)
        if row.state is None or row.status == Pattern.Status.ARCHIVED:
            return Response({"valid": False, "errors": ["It was pruned."], "warnings": []})
        storage = memory.for_reading(row.project_id).storage
        found = PatternValidator().validate(storage.get(str(row.pk)))
        body = {"valid": found.valid, "errors": found.errors, "warnings": found.warnings}
        return Response(body)


class OrderEndpoint(Endpoint):
    """Takes an order that changes patterns and can be undone."""

    scopes = {"POST": "edit"}
    body_limit = 1 << 20


def must_name_one(order: Struct, *names: str, pointer: str = "") -> None:
    """422 unless the order has exactly one of these members."""
    if sum(getattr(order, name) is not None for name in names) != 1:
        raise invalid("give either " + " or ".join(f'"{name}"' for name in names), pointer)


class PruneOrder(Struct):
    ids: Ids | None = None
    filter: dict[str, Any] | None = None
    dry_run: bool = False


class Prune(OrderEndpoint):
    @described("Prune patterns by ids or by a filter; soft, undone by restore", body=PruneOrder)
    @idempotent
    def post(self, request: Request) -> Response:
        order = body_of(request, PruneOrder)
        rows, project = chosen(order), key_of(request).project
        if order.dry_run:
            found = curation.consequences(project, rows)
            return Response(
                {
                    "dry_run": True,
                    "affected": found.patterns,
                    "interactions": found.interactions,
                    "bytes": found.bytes,
                }
            )
        return operated(curation.prune(project, rows, actor(request)), [])


def chosen(order: PruneOrder) -> Any:
    """The patterns an order names. 422 unless it has exactly one of ids and filter."""
    must_name_one(order, "ids", "filter")
    if order.ids is not None:
        return Pattern.objects.filter(pk__in=[known_id(name) for name in order.ids])
    unknown = sorted(set(order.filter or {}) - set(PARSERS))
    if unknown:
        raise invalid(f"there is no filter {unknown[0]!r}", f"/filter/{unknown[0]}", "unknown")
    return PatternCriteria.parse(order.filter or {}).apply(Pattern.objects.all())


def known_id(name: str) -> Any:
    try:
        return curation.parse_id(name)
    except FeatureMemoryError:
        raise invalid(f"{name[:40]!r} is no pattern id", "/ids") from None


def operated(operation: Operation, ids: list[str]) -> Response:
    rows = Pattern.objects.filter(pk__in=ids).order_by("pk")
    return Response(
        {
            "operation_id": str(operation.pk),
            "affected": operation.affected,
            "patterns": patterns(list(rows)),
        }
    )


class RestoreOrder(Struct):
    operation_id: str | None = None
    ids: Ids | None = None


class Restore(OrderEndpoint):
    @described("Undo an operation as a whole, or take patterns out of the trash", body=RestoreOrder)
    @idempotent
    def post(self, request: Request) -> Response:
        order = body_of(request, RestoreOrder)
        must_name_one(order, "operation_id", "ids")
        project = key_of(request).project
        done = curation.restore(project, actor(request), order.operation_id, order.ids)
        return operated(done, order.ids or [])


class MergeOrder(Struct):
    ids: Annotated[list[str], Meta(min_length=2, max_length=100)]


class Merge(OrderEndpoint):
    @described("Make one pattern of several; their ids live on as redirects", body=MergeOrder)
    @idempotent
    def post(self, request: Request) -> Response:
        order = body_of(request, MergeOrder)
        return operated(*curation.merge(key_of(request).project, order.ids, actor(request)))


class SplitOrder(Struct):
    by: str | None = None
    example_ids: Ids | None = None


class Split(OrderEndpoint):
    @described("Make several patterns of one: by a slot, or for chosen examples", body=SplitOrder)
    @idempotent
    def post(self, request: Request, pattern_id: str) -> Response:
        row = find(request, pattern_id)
        order = body_of(request, SplitOrder)
        must_name_one(order, "by", "example_ids", pointer="/by")
        done = curation.split(
            key_of(request).project,
            str(row.pk),
            actor(request),
            slot=order.by,
            example_ids=order.example_ids or [],
        )
        return operated(*done)
