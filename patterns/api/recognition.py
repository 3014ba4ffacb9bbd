"""Endpoints that query the recogniser: recognize, confidence, validate."""

from __future__ import annotations

from uuid import UUID

from msgspec import Struct
from rest_framework.request import Request
from rest_framework.response import Response

from featurememory.http.drf import key_of
from featurememory.http.endpoint import Endpoint
from featurememory.http.idempotency import idempotent
from featurememory.http.json_body import body_of
from featurememory.http.openapi import described
from featurememory.http.request_body import read_body
from patterns.api.patterns import find_pattern
from patterns.curation import editing
from patterns.engine.domain.observation import Observation
from patterns.engine.validator import PatternValidator
from patterns.ingest.schema import Interaction, build_arrival, parse_interaction
from patterns.models import Pattern
from patterns.recognition.recognizer_cache import recognizers
from patterns.redaction.redact import as_stored
from patterns.serializers import serialize_patterns


class Recognize(Endpoint):
    scopes = {"POST": "read"}

    @described("Which pattern this interaction belongs to; changes nothing", body=Interaction)
    def post(self, request: Request) -> Response:
        item = parse_interaction(read_body(request._request))
        build_arrival(item)  # raises for what could not be stored either
        observation = build_observation(item, key_of(request).project_id)
        loaded = recognizers.for_reading(key_of(request).project_id)
        with loaded.lock:
            match = loaded.recognizer.match_one(observation)
            features = loaded.recognizer.features_of(observation)
        shown = None
        if match is not None:
            shown = {
                "pattern_id": match.pattern_id,
                "confidence": match.confidence,
                "why": match.why,
            }
        return Response({"match": shown, "features": list(features)})


def build_observation(item: Interaction, project_id: UUID) -> Observation:
    """The interaction as the engine would see it once stored. Timestamps in seconds."""
    from patterns.ingest.schema import collect_content, to_epoch_ms
    from patterns.storage.payloads import pack_payload, unpack_payload

    content = as_stored(project_id, unpack_payload(pack_payload(collect_content(item))))
    return Observation(
        id=item.id or "",
        input=content.get("input"),
        output=content.get("output"),
        timestamp=to_epoch_ms(item.metadata.timestamp) / 1000,
        parameters=content.get("parameters") or {},
        model_id=item.model_id,
        task_type=item.task_type or "",
        duration=item.metadata.duration,
        success=item.success,
        score=item.score,
        tags=content.get("tags") or {},
    )


class MatchVerdict(Struct):
    success: bool


class Confidence(Endpoint):
    scopes = {"POST": "edit"}
    body_limit = 1 << 16

    @described("Report whether a match of this pattern was right", body=MatchVerdict)
    @idempotent
    def post(self, request: Request, pattern_id: str) -> Response:
        row = find_pattern(request, pattern_id)
        verdict = body_of(request, MatchVerdict)
        row = editing.judge_match(key_of(request).project, row, verdict.success)
        return Response(serialize_patterns([row])[0])


class Validate(Endpoint):
    scopes = {"POST": "read"}

    @described("Check a pattern against the validation rules")
    def post(self, request: Request, pattern_id: str) -> Response:
        row = find_pattern(request, pattern_id)
        if row.state is None or row.status == Pattern.PatternStatus.ARCHIVED:
            return Response({"valid": False, "errors": ["It was pruned."], "warnings": []})
        storage = recognizers.for_reading(row.project_id).storage
        found = PatternValidator().validate(storage.get(str(row.pk)))
        body = {"valid": found.valid, "errors": found.errors, "warnings": found.warnings}
        return Response(body)
