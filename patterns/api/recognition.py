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
from patterns.ingest.redacted_arrivals import redact_arrival
from patterns.ingest.schema import (
    COLUMNS,
    Arrival,
    Interaction,
    build_arrival,
    parse_interaction,
)
from patterns.models import ModelInteraction, Pattern
from patterns.recognition.recognizer_cache import recognizers
from patterns.redaction.redact import redactor_of
from patterns.serializers import serialize_patterns
from patterns.storage.stored_observations import observation_of


class Recognize(Endpoint):
    scopes = {"POST": "read"}

    @described("Which pattern this interaction belongs to; changes nothing", body=Interaction)
    def post(self, request: Request) -> Response:
        project_id = key_of(request).project_id
        arrival = build_arrival(parse_interaction(read_body(request._request)))
        observation = build_observation(project_id, arrival)
        loaded = recognizers.for_reading(project_id)
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


def build_observation(project_id: UUID, arrival: Arrival) -> Observation:
    """What the engine would see of it once stored."""
    redactor = redactor_of(project_id)
    kept = redact_arrival(redactor, arrival) if redactor else arrival
    columns = dict(zip(COLUMNS, kept.columns, strict=True))
    return observation_of(ModelInteraction(id=kept.id, **columns), kept.payload)


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
