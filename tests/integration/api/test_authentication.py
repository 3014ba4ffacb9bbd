"""Keys: what each kind may do, that none reaches into another project, and how they end."""

from __future__ import annotations

import base64
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from featurememory.http.drf import SCOPES
from featurememory.http.endpoint import Endpoint, NoSuchEndpoint
from featurememory.models import Project
from integration.api.authentication import KeyCache, known_keys
from integration.models import ApiKey
from patterns.curation import pruning
from patterns.models import ModelInteraction, Pattern
from tests.builders import KINDS, Caller, caller, client, item, key_of, learned, project

pytestmark = pytest.mark.django_db

METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE")


def routes(patterns: list[Any], prefix: str = "") -> list[tuple[str, Any]]:
    """Every path under /api/v1/ with its view class."""
    found: list[tuple[str, Any]] = []
    for entry in patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            found += routes(entry.url_patterns, path)
        elif isinstance(entry, URLPattern) and path.startswith("api/v1/"):
            view = getattr(entry.callback, "view_class", None)
            if isinstance(view, type) and issubclass(view, Endpoint) and view is not NoSuchEndpoint:
                found.append((path.removeprefix("api/v1/"), view))
    return found


ENDPOINTS = [
    (path, method, view.scopes.get(method))
    for path, view in routes(get_resolver().url_patterns)
    for method in METHODS
    if hasattr(view, method.lower())
]
walk = pytest.mark.parametrize(("path", "method", "scope"), ENDPOINTS)


def filled(path: str, values: dict[str, str]) -> str:
    """The path with a value for each parameter; what is not named does not exist."""
    known = {"verb": "pin"} | values
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: known.get(found[1], "nothing"), path)


def names_of(owner: Project) -> dict[str, str]:
    """Ids of things the project has, by the names of the URL parameters."""
    pattern = Pattern.objects.filter(project=owner).order_by("pk").first()
    return {"interaction_id": "i-0", "pattern_id": str(pattern.pk) if pattern else "none"}


def test_the_walk_meets_every_endpoint_and_each_names_its_scope() -> None:
    assert len(ENDPOINTS) >= 20
    scopes = {"ingest", "read", "edit", "admin"}
    assert [entry for entry in ENDPOINTS if entry[2] not in scopes] == []


@walk
def test_without_a_key_every_endpoint_answers_401(path: str, method: str, scope: str) -> None:
    response = Caller("").send(method, filled(path, {}), {})

    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith("Bearer")
    assert response["Content-Type"] == "application/problem+json"


@walk
def test_a_key_may_do_what_its_kind_says_and_nothing_else(
    path: str, method: str, scope: str
) -> None:
    owner = project()
    for kind in KINDS:
        response = caller(owner, kind).send(method, filled(path, {}), {})
        assert (response.status_code == 403) == (scope not in SCOPES[kind]), kind
        assert response.status_code < 500


@walk
def test_a_foreign_key_finds_and_changes_nothing(path: str, method: str, scope: str) -> None:
    owner = project()
    learned(owner, 4, tasks=2)
    asked, body = filled(path, names_of(owner)), body_for(path, owner)
    before = contents(owner)
    response = caller(project(), "ad").send(method, asked, body)

    # Erasing a session that this project does not have is a job that finds nothing.
    named = "<" in path and not path.startswith("sessions/")
    assert response.status_code == 404 if named else response.status_code < 500
    told = response.content.decode().replace(asked, "")
    assert not [secret for secret in (*pattern_ids(owner), "task.0", "i-0") if secret in told]
    assert contents(owner) == before


def pattern_ids(owner: Project) -> list[str]:
    return [str(pk) for pk in Pattern.objects.filter(project=owner).values_list("pk", flat=True)]


def body_for(path: str, owner: Project) -> Any:
    """A body that is good for the owner and names the owner's things."""
    ids = pattern_ids(owner)
    operation = pruning.prune_patterns(owner, Pattern.objects.none(), "a person")
    bodies = {
        "interactions/": item(1000),
        "interactions/batch/": [item(1000)],
        "patterns/recognize/": item(1000),
        "patterns/prune/": {"ids": ids},
        "patterns/restore/": {"operation_id": str(operation.pk)},
        "patterns/merge/": {"ids": ids},
        "feedback/": {"interaction_id": "i-0", "metric_name": "score", "value": 0.0},
        "config/": {"patterns": {"max_patterns": 7}},
    }
    return bodies.get(path, {"success": True, "label": "stolen", "by": "id"})


def contents(owner: Project) -> Any:
    patterns = Pattern.objects.filter(project=owner).order_by("pk")
    rows = ModelInteraction.objects.filter(project=owner).order_by("pk")
    config = owner.config.as_dict()
    return [list(patterns.values()), list(rows.values()), config]


@pytest.mark.parametrize("path", [path for path, method, _ in ENDPOINTS if method == "GET"])
def test_head_needs_the_same_key_as_get(path: str) -> None:
    assert Caller("").send("HEAD", filled(path, {})).status_code == 401
    assert caller(project(), "in").send("HEAD", filled(path, {})).status_code == 403


def send_with(header: str, value: str) -> int:
    return int(client().get("/api/v1/patterns/", headers={header: value}).status_code)


def test_a_key_comes_as_bearer_as_basic_or_in_its_own_header() -> None:
    key = key_of(project(), "ro")
    basic = base64.b64encode(f"public:{key}".encode()).decode()

    assert send_with("Authorization", f"Bearer {key}") == 200
    assert send_with("Authorization", f"bearer  {key} ") == 200
    assert send_with("Authorization", f"Basic {basic}") == 200
    assert send_with("X-API-Key", key) == 200


@pytest.mark.parametrize(
    "header",
    ["Bearer", "Bearer x", "Basic !", "Basic /////w==", "Digest x", "", "Bearer fm_ro_a_b"],
)
def test_anything_else_is_401(header: str) -> None:
    assert send_with("Authorization", header) == 401


def test_only_the_digest_is_stored() -> None:
    owner = project()
    text = key_of(owner, "rw")
    row = ApiKey.objects.get(project=owner)

    assert text.startswith(f"fm_rw_{row.public}_")
    assert text.rsplit("_", 1)[1] not in json.dumps(list(ApiKey.objects.values()), default=str)


def test_the_kind_in_the_text_cannot_be_changed_by_hand() -> None:
    text = key_of(project(), "in")

    assert ApiKey.find(text) is not None
    assert ApiKey.find(text.replace("fm_in_", "fm_ad_")) is None


def test_a_revoked_key_ends_within_the_cache_time() -> None:
    owner = project()
    api = caller(owner, "ro")
    assert api.get("patterns/").status_code == 200
    ApiKey.objects.filter(project=owner).update(revoked_at=timezone.now())
    assert KeyCache.SECONDS <= 5

    known_keys.clear()  # as after these seconds
    assert api.get("patterns/").status_code == 401


def test_an_expired_key_ends_at_once_even_from_the_cache() -> None:
    owner = project()
    soon = timezone.now() + timedelta(hours=1)
    key, text = ApiKey.create(owner, "ro", expires_at=soon)
    assert known_keys.get(text) is not None
    cached = known_keys.get(text)
    assert cached is not None
    cached.expires_at = timezone.now()

    ApiKey.objects.filter(pk=key.pk).update(expires_at=timezone.now())
    assert known_keys.get(text) is None


def test_the_last_use_is_noted_but_not_with_every_request() -> None:
    owner = project()
    api = caller(owner, "ro")
    api.get("patterns/")
    first = ApiKey.objects.get(project=owner).last_used_at
    known_keys.clear()
    api.get("patterns/")

    assert first is not None
    assert ApiKey.objects.get(project=owner).last_used_at == first


@pytest.mark.parametrize("text", ["fm_xx_123456789012_" + "s" * 40, "fm_ad_short_s", "", "key"])
def test_a_key_that_has_not_the_documented_form_cannot_be_registered(text: str) -> None:
    with pytest.raises(ValueError, match="looks like"):
        ApiKey.register(project(), text)


def test_the_cache_of_keys_is_bounded() -> None:
    cache = KeyCache()
    cache.SIZE = 3
    owner = project()
    for _ in range(5):
        cache.get(key_of(owner, "ro"))

    assert 1 <= len(cache._seen) <= 3
