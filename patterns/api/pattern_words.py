"""/api/v1/patterns/{id}/words/: make a word of the template a slot, keep one fixed, name a slot."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct
from rest_framework.request import Request
from rest_framework.response import Response

from featurememory.http.drf import key_of
from featurememory.http.endpoint import Endpoint
from featurememory.http.idempotency import idempotent
from featurememory.http.json_body import body_of
from featurememory.http.openapi import described
from patterns.api.pattern_changes import respond_with_operation
from patterns.api.patterns import find_pattern
from patterns.curation import rewording
from patterns.engine.rewording.wish import Rewording

Short = Annotated[str, Meta(max_length=200, pattern=r"^[^\x00]*$")]


class WordOrder(Struct):
    make: Literal["slot", "fixed", "name"]
    word: Short = ""
    occurrence: Annotated[int, Meta(ge=1, le=1000)] = 1
    slot: Short = ""
    name: Short = ""
    dry_run: bool = False


class Words(Endpoint):
    scopes = {"POST": "edit"}
    body_limit = 1 << 16

    @described("Make a word of the template a slot, keep one fixed, or name a slot", body=WordOrder)
    @idempotent
    def post(self, request: Request, pattern_id: str) -> Response:
        row, order = find_pattern(request, pattern_id), body_of(request, WordOrder)
        wish = Rewording(order.make, order.word, order.occurrence, order.slot, order.name)
        project = key_of(request).project
        if order.dry_run:
            found = rewording.foresee_rewording(project, str(row.pk), wish)
            return Response(
                {
                    "dry_run": True,
                    "name": found.name,
                    "joining": [str(one.pk) for one in found.joining],
                    "interactions": found.interactions,
                    "leaving": round(found.leaving, 4),
                }
            )
        return respond_with_operation(
            *rewording.reword_pattern(project, str(row.pk), key_of(request).actor, wish)
        )
