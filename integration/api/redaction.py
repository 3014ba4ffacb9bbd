"""/api/v1/config/redaction/: try own expressions on stored interactions before saving them."""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from rest_framework.request import Request
from rest_framework.response import Response

from featurememory.errors import invalid
from featurememory.http.drf import key_of
from featurememory.http.endpoint import Endpoint
from featurememory.http.json_body import body_of
from featurememory.http.openapi import described
from featurememory.privacy.expressions import RefusedExpression, check_expressions
from patterns.redaction.trial import try_expressions


class ExpressionsIn(Struct):
    patterns: list[Any]


class RedactionTrial(Endpoint):
    scopes = {"POST": "admin"}
    body_limit = 1 << 16

    @described("What these expressions would take out of stored interactions", body=ExpressionsIn)
    def post(self, request: Request) -> Response:
        rows = body_of(request, ExpressionsIn).patterns
        try:
            check_expressions(rows)
        except RefusedExpression as error:
            raise invalid(str(error), "/patterns") from None
        return Response(try_expressions(key_of(request).project_id, rows).as_json())
