"""/api/v1/models/: the registry."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct
from rest_framework.request import Request
from rest_framework.response import Response

from featurememory.errors import invalid
from featurememory.http.drf import key_of
from featurememory.http.endpoint import Endpoint, respond_with_page
from featurememory.http.idempotency import idempotent
from featurememory.http.json_body import decode_finite
from featurememory.http.openapi import described
from featurememory.http.pagination import parse_limit, read_page
from featurememory.http.request_body import read_body
from featurememory.http.unknown_members import list_unknown_members
from optimizations import model_catalog
from optimizations.manager import OptimizationManager
from optimizations.models import RegisteredModel
from optimizations.serializers import serialize_model
from patterns.ingest.schema import Name, Quantity, to_epoch_ms


class PricesIn(Struct, forbid_unknown_fields=True):
    """In the project's currency. What is left out is not priced, which is not the same as 0."""

    input_per_1m: Quantity | None = None
    output_per_1m: Quantity | None = None
    cached_input_per_1m: Quantity | None = None
    cache_write_per_1m: Quantity | None = None
    extended_cache_write_per_1m: Quantity | None = None
    reasoning_per_1m: Quantity | None = None
    per_call: Quantity | None = None
    # For calls with more input than so many tokens. What is left out costs what it costs in others.
    long_prompt_above: Quantity | None = None
    long_input_per_1m: Quantity | None = None
    long_output_per_1m: Quantity | None = None
    long_cached_input_per_1m: Quantity | None = None
    long_cache_write_per_1m: Quantity | None = None
    long_extended_cache_write_per_1m: Quantity | None = None


class ModelIn(Struct):
    model_id: Name
    task_types: Annotated[list[Name], Meta(max_length=1000)] = []
    prices: PricesIn | None = None
    capabilities: dict[str, Any] = {}
    enabled: bool = True
    effective_from: str | int | float | None = None


class Models(Endpoint):
    scopes = {"GET": "read", "POST": "edit"}
    body_limit = 1 << 20

    @described(
        "Register a model, or change it; a changed price holds from its date on", body=ModelIn
    )
    @idempotent
    def post(self, request: Request) -> Response:
        raw = read_body(request._request)
        given = decode_finite(raw, ModelIn)
        ignored = list_unknown_members(raw, ModelIn, {"prices": PricesIn})
        check_tunable(given.capabilities.get("tunable", {}))
        row, made = OptimizationManager(key_of(request).project).register(build_registration(given))
        prices = model_catalog.current_prices([row], row.project_id)
        body = serialize_model(row, prices[row.model_id])
        # A price under a name that nobody knows would leave the model unpriced without a word.
        body |= {"ignored": ignored} if ignored else {}
        return Response(body, status=201 if made else 200)

    @described("List the registered models with the prices in force", many=True)
    def get(self, request: Request) -> Response:
        limit = parse_limit(request.query_params.get("limit"))
        rows = RegisteredModel.objects.filter(project_id=key_of(request).project_id)
        found = read_page(
            rows, "model_id", request.query_params.get("cursor"), limit, key="model_id"
        )
        prices = model_catalog.current_prices(found.rows, key_of(request).project_id)
        data = [serialize_model(row, prices[row.model_id]) for row in found.rows]
        return respond_with_page(request, found, data, limit)


def build_registration(given: ModelIn) -> model_catalog.Registration:
    if given.effective_from is not None and given.prices is None:
        raise invalid("needs prices", "/effective_from")
    return model_catalog.Registration(
        model_id=given.model_id,
        task_types=list(dict.fromkeys(given.task_types)),
        capabilities=given.capabilities,
        enabled=given.enabled,
        prices=msgspec.structs.asdict(given.prices) if given.prices else None,
        effective_from=None if given.effective_from is None else parse_moment(given.effective_from),
    )


def parse_moment(value: str | float) -> int:
    try:
        return to_epoch_ms(value)
    except Exception as error:
        raise invalid("is not an RFC 3339 time", "/effective_from") from error


def check_tunable(tunable: Any) -> None:
    """{"temperature": [0, 0.3]} (allowed values) or {"max_tokens": {"min": 1, "max": 1024}}."""
    if not isinstance(tunable, dict):
        raise invalid("must be an object", "/capabilities/tunable")
    for name, grid in tunable.items():
        if not (is_choice(grid) or is_range(grid)):
            raise invalid(
                'must be a list of values or {"min": number, "max": number}',
                f"/capabilities/tunable/{name[:100]}",
            )


def is_choice(grid: Any) -> bool:
    plain = (str, int, float, type(None))
    return (
        isinstance(grid, list)
        and 1 <= len(grid) <= 100
        and all(isinstance(value, plain) for value in grid)
    )


def is_range(grid: Any) -> bool:
    if not isinstance(grid, dict) or not {"min", "max"} <= grid.keys():
        return False
    low, high = grid["min"], grid["max"]
    numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in (low, high))
    return numbers and low <= high
