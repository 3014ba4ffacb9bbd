"""Scopes by the kind of key, as the contract has them."""

from __future__ import annotations

from featurememory.http.drf import SCOPES, JSONRenderer
from integration.models import ApiKey


def test_the_kinds_of_key_may_do_what_the_contract_says() -> None:
    assert SCOPES.keys() == set(ApiKey.KeyKind.values)
    assert SCOPES["in"] == {"ingest"}
    assert SCOPES["ro"] == {"read"}
    assert SCOPES["rw"] == {"ingest", "read", "edit"}
    assert SCOPES["ad"] == SCOPES["rw"] | {"admin"}


def test_an_answer_without_data_has_no_body() -> None:
    assert JSONRenderer().render(None) == b""
    assert JSONRenderer().render({"a": None}) == b'{"a":null}'
