"""/api/v1/feedback/ and /api/v1/config/."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from featurememory.config import patch_config
from featurememory.http.drf import key_of
from featurememory.http.endpoint import Endpoint
from featurememory.http.idempotency import idempotent
from featurememory.http.json_body import body_of, decode_json
from featurememory.http.openapi import described
from featurememory.http.request_body import read_body
from featurememory.models import FeatureMemoryConfig
from integration.learning.feedback import FeedbackIn, store_feedback


class Feedbacks(Endpoint):
    scopes = {"POST": "ingest"}
    body_limit = 1 << 16

    @described("Report how an interaction, decision or session went", body=FeedbackIn, status=201)
    @idempotent
    def post(self, request: Request) -> Response:
        row = store_feedback(key_of(request).project, body_of(request, FeedbackIn))
        body = {"id": row.pk, "status": "stored", "metric_name": row.metric_name}
        return Response(body, status=201)


class Config(Endpoint):
    scopes = {"GET": "read", "PATCH": "admin"}

    @described("The current thresholds")
    def get(self, request: Request) -> Response:
        config, _ = FeatureMemoryConfig.objects.get_or_create(project=key_of(request).project)
        return Response(config.as_dict())

    @described("Change any part of the thresholds", body=dict[str, dict[str, Any]])
    def patch(self, request: Request) -> Response:
        # Without a look at the size of numbers: every setting has its own range.
        values = decode_json(read_body(request._request), dict[str, dict[str, Any]])
        actor = key_of(request).actor
        return Response(patch_config(key_of(request).project_id, values, actor).as_dict())
