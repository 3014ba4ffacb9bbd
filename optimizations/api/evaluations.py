"""/api/v1/evaluations/: the same tasks answered by several models, each answer scored."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from django.conf import settings
from rest_framework.request import Request
from rest_framework.response import Response

from featurememory.errors import ErrorCode, FeatureMemoryError, not_found
from featurememory.http.drf import key_of
from featurememory.http.endpoint import Endpoint
from featurememory.http.idempotency import idempotent
from featurememory.http.openapi import described
from featurememory.http.problems import build_problem
from optimizations.evaluation_sets.answers import EvaluationIn, parse_answer, store_answers
from optimizations.evaluation_sets.sets import delete_set, list_sets
from optimizations.prepare import enable_optimizations
from patterns.api.interactions import read_items
from patterns.ingest.wakeup import wake_learner

MOST = 1000


class Evaluations(Endpoint):
    scopes = {"GET": "read", "POST": "ingest"}
    body_limit = settings.BATCH_BODY_LIMIT
    holds_content = True

    @described(
        "Add scored answers to evaluation sets; good ones are stored though others fail",
        body=Annotated[list[EvaluationIn], msgspec.Meta(max_length=MOST)],
        status=207,
    )
    @idempotent
    def post(self, request: Request) -> Response:
        items = read_items(request)
        if len(items) > MOST:
            raise FeatureMemoryError(
                f"A batch holds at most {MOST:,} answers, this one has {len(items):,}.",
                ErrorCode.TOO_LARGE,
            )
        good, rejected = parse_items(items, request.path)
        project_id = key_of(request).project_id
        enable_optimizations(project_id)
        tasks, answers = store_answers(project_id, good) if good else (0, 0)
        wake_learner(project_id)
        body = {"accepted": len(good), "tasks": tasks, "answers": answers, "rejected": rejected}
        return Response(body, status=207)

    @described("The evaluation sets, and the share of the traffic each covers by pattern")
    def get(self, request: Request) -> Response:
        found = list_sets(key_of(request).project_id)
        return Response({"data": [one.to_json() for one in found]})


def parse_items(items: list[bytes], path: str) -> tuple[list[EvaluationIn], list[dict[str, Any]]]:
    good, rejected = [], []
    for index, item in enumerate(items):
        try:
            good.append(parse_answer(item))
        except FeatureMemoryError as error:
            rejected.append({"index": index, "problem": build_problem(error, path)})
    return good, rejected


class EvaluationSetDetail(Endpoint):
    scopes = {"DELETE": "edit"}

    @described("Delete an evaluation set; what was counted stays evidence")
    def delete(self, request: Request, name: str) -> Response:
        if "\x00" in name or len(name) > 100:
            raise not_found("evaluation set")
        key = key_of(request)
        return Response(
            {"tasks": delete_set(key.project_id, name, f"key {key.name or key.public}")}
        )
