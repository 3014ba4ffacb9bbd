"""Endpoints that change patterns: prune, restore, merge, split."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct
from rest_framework.request import Request
from rest_framework.response import Response

from featurememory.errors import FeatureMemoryError, invalid
from featurememory.http.drf import key_of
from featurememory.http.endpoint import Endpoint
from featurememory.http.idempotency import idempotent
from featurememory.http.json_body import body_of
from featurememory.http.openapi import described
from featurememory.models import Project
from patterns.api.patterns import Ids, find_pattern
from patterns.criteria import PARSERS, PatternCriteria, parse_id
from patterns.curation import example_split, merging, pruning, splitting, undo
from patterns.models import Operation, Pattern
from patterns.serializers import serialize_patterns


class OrderEndpoint(Endpoint):
    """Base of the endpoints that change patterns; every such change can be undone."""

    scopes = {"POST": "edit"}
    body_limit = 1 << 20


def require_exactly_one(order: Struct, *names: str, pointer: str = "") -> None:
    """Raise 422 unless exactly one of these members of the order is given."""
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
        project = key_of(request).project
        rows = choose_patterns(project, order)
        if order.dry_run:
            found = pruning.count_consequences(project, rows)
            return Response(
                {
                    "dry_run": True,
                    "affected": found.patterns,
                    "interactions": found.interactions,
                    "bytes": found.bytes,
                }
            )
        return respond_with_operation(
            pruning.prune_patterns(project, rows, key_of(request).actor), []
        )


def choose_patterns(project: Project, order: PruneOrder) -> Any:
    """The patterns an order names, of this project. 422 unless it has exactly one of ids and filter."""
    require_exactly_one(order, "ids", "filter")
    rows = Pattern.objects.filter(project=project)
    if order.ids is not None:
        return rows.filter(pk__in=[parse_known_id(name) for name in order.ids])
    unknown = sorted(set(order.filter or {}) - set(PARSERS))
    if unknown:
        raise invalid(f"there is no filter {unknown[0]!r}", f"/filter/{unknown[0]}", "unknown")
    return PatternCriteria.parse(order.filter or {}).apply(rows)


def parse_known_id(name: str) -> Any:
    """The id as a UUID; 422 when it is none."""
    try:
        return parse_id(name)
    except FeatureMemoryError:
        raise invalid(f"{name[:40]!r} is no pattern id", "/ids") from None


def respond_with_operation(operation: Operation, ids: list[str]) -> Response:
    """What was done, and the patterns of these ids: only the operation's project is looked into."""
    rows = Pattern.objects.filter(project_id=operation.project_id, pk__in=ids).order_by("pk")
    return Response(
        {
            "operation_id": str(operation.pk),
            "affected": operation.affected,
            "patterns": serialize_patterns(list(rows)),
        }
    )


class RestoreOrder(Struct):
    operation_id: str | None = None
    ids: Ids | None = None


class Restore(OrderEndpoint):
    @described("Undo a whole operation, or restore patterns from the trash", body=RestoreOrder)
    @idempotent
    def post(self, request: Request) -> Response:
        order = body_of(request, RestoreOrder)
        require_exactly_one(order, "operation_id", "ids")
        project = key_of(request).project
        done = undo.undo_or_restore(project, key_of(request).actor, order.operation_id, order.ids)
        return respond_with_operation(done, order.ids or [])


class MergeOrder(Struct):
    ids: Annotated[list[str], Meta(min_length=2, max_length=100)]
    into: str | None = None


class Merge(OrderEndpoint):
    @described("Merge patterns into one; the ids of the others redirect to it", body=MergeOrder)
    @idempotent
    def post(self, request: Request) -> Response:
        order = body_of(request, MergeOrder)
        return respond_with_operation(
            *merging.merge_patterns(
                key_of(request).project, order.ids, key_of(request).actor, order.into
            )
        )


class SplitOrder(Struct):
    by: str | None = None
    example_ids: Ids | None = None
    label: Annotated[str, Meta(max_length=200)] = ""
    dry_run: bool = False


class Split(OrderEndpoint):
    @described("Split a pattern by the values of a slot, or by chosen examples", body=SplitOrder)
    @idempotent
    def post(self, request: Request, pattern_id: str) -> Response:
        row = find_pattern(request, pattern_id)
        order = body_of(request, SplitOrder)
        require_exactly_one(order, "by", "example_ids", pointer="/by")
        if order.dry_run:
            return Response(foresee_split(key_of(request).project, str(row.pk), order))
        done = splitting.split_pattern(
            key_of(request).project,
            str(row.pk),
            key_of(request).actor,
            slot=order.by,
            example_ids=order.example_ids or [],
            label=order.label,
        )
        return respond_with_operation(*done)


def foresee_split(project: Project, pattern_id: str, order: SplitOrder) -> dict[str, Any]:
    if order.example_ids is None:
        raise invalid("only a split by example_ids can be foreseen", "/dry_run")
    seen = example_split.foresee_example_split(project, pattern_id, order.example_ids)
    return {
        "dry_run": True,
        "reading": "".join(part.text for part in seen.reading),
        "apart": [part.text.strip() for part in seen.reading if part.kind == "apart"],
        "alike": seen.alike,
        "known": seen.known,
        "interactions": seen.interactions,
    }
