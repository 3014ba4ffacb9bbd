"""The OpenAPI document: every endpoint, with the shape of its body from the type that parses it."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from msgspec import Meta, Struct

from featurememory.http.openapi import schema_of
from tests.builders import client


class Inner(Struct):
    size: Annotated[int, Meta(ge=0)]


class Outer(Struct):
    inner: Inner
    names: list[str] = []


def test_a_type_becomes_a_schema_without_references() -> None:
    found = schema_of(Outer)

    assert found["required"] == ["inner"]
    assert found["properties"]["inner"]["properties"]["size"] == {"type": "integer", "minimum": 0}
    assert "$ref" not in str(found)


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    response = client().get("/api/v1/schema/")
    assert response.status_code == 200
    made: dict[str, Any] = response.json()
    return made


def test_it_is_openapi_3_and_names_the_kind_of_key(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.")
    assert document["components"]["securitySchemes"]["ApiKey"]["scheme"] == "bearer"


PROMISED = {
    "/api/v1/interactions/": {"get", "post"},
    "/api/v1/interactions/batch/": {"post"},
    "/api/v1/feedback/": {"post"},
    "/api/v1/patterns/": {"get"},
    "/api/v1/patterns/recognize/": {"post"},
    "/api/v1/patterns/prune/": {"post"},
    "/api/v1/patterns/restore/": {"post"},
    "/api/v1/patterns/merge/": {"post"},
    "/api/v1/patterns/{pattern_id}/": {"get", "patch"},
    "/api/v1/patterns/{pattern_id}/related/": {"get"},
    "/api/v1/patterns/{pattern_id}/history/": {"get"},
    "/api/v1/patterns/{pattern_id}/examples/": {"get"},
    "/api/v1/patterns/{pattern_id}/confidence/": {"post"},
    "/api/v1/patterns/{pattern_id}/validate/": {"post"},
    "/api/v1/patterns/{pattern_id}/split/": {"post"},
    "/api/v1/performance/": {"get"},
    "/api/v1/config/": {"get", "patch"},
}


@pytest.mark.parametrize("path", PROMISED)
def test_every_promised_endpoint_is_described(document: dict[str, Any], path: str) -> None:
    found = document["paths"][path]

    assert PROMISED[path] <= found.keys()
    for method in PROMISED[path]:
        assert found[method]["summary"]
        assert "4XX" in found[method]["responses"]


def test_the_shares_of_a_slot_are_explained(document: dict[str, Any]) -> None:
    answer = document["paths"]["/api/v1/patterns/{pattern_id}/"]["get"]["responses"]["200"]
    pattern = answer["content"]["application/json"]["schema"]["properties"]
    told = pattern["slots"]["items"]["properties"]["top"]["items"]["properties"]

    assert "surely" in told["share"]["description"]
    assert "can have had" in told["at_most"]["description"]


def test_the_body_of_an_interaction_names_its_required_fields(document: dict[str, Any]) -> None:
    body = document["paths"]["/api/v1/interactions/"]["post"]["requestBody"]
    schema = body["content"]["application/json"]["schema"]

    assert set(schema["required"]) == {"model_id", "input", "metadata"}
    assert set(schema["properties"]["metadata"]["required"]) == {"timestamp", "duration"}


def test_the_reference_is_a_page() -> None:
    assert client().get("/api/v1/docs/").status_code == 200
