"""Renderer, parser, negotiation and permission for DRF. Separate from endpoint.py, because DRF's own
views import these while they are imported."""

from __future__ import annotations

from typing import Any, Protocol, cast
from uuid import UUID

import msgspec
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.permissions import BasePermission
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from featurememory.access.roles import SCOPES as SCOPES
from featurememory.errors import ErrorCode, FeatureMemoryError
from featurememory.http.rate_limits import limit_key
from featurememory.models import Project


class Key(Protocol):
    """The parts of an API key that endpoints use; the model belongs to a higher layer."""

    kind: str
    name: str
    public: str
    digest: str
    project: Project
    project_id: UUID

    @property
    def actor(self) -> str:
        """The key as histories and the activity name it."""
        ...

    @property
    def scopes(self) -> frozenset[str]:
        """What it may do now: by its kind, and no more than its maker."""
        ...


def key_of(request: Request) -> Key:
    """The key of a request that has passed `HasScope`."""
    return cast(Key, request.auth)


class JSONRenderer(BaseRenderer):
    media_type = "application/json"
    format = "json"
    charset = None

    def render(self, data: Any, *_: Any, **__: Any) -> bytes:
        return b"" if data is None else msgspec.json.encode(data)


class JSONParser(BaseParser):
    media_type = "application/json"

    def parse(self, stream: Any, *_: Any, **__: Any) -> Any:
        raise NotImplementedError("Endpoints read their bodies with `body_of`.")


class AlwaysJSON(BaseContentNegotiation):
    """Always JSON, whatever the Accept header says."""

    def select_parser(self, request: Any, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(self, request: Any, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type


class HasScope(BasePermission):
    """The key must have the scope that the view names for the method."""

    def has_permission(self, request: Request, view: Any) -> bool:
        method = "GET" if request.method == "HEAD" else request.method
        needed = getattr(view, "scopes", {}).get(method)
        if needed is None:  # public, or a method the view will answer with 405
            return True
        if request.auth is None:
            raise FeatureMemoryError(
                "This needs an API key: send it as 'Authorization: Bearer fm_…'.",
                ErrorCode.UNAUTHENTICATED,
            )
        if needed not in key_of(request).scopes:
            raise refuse_scope(key_of(request).kind, needed)
        limit_key(request, key_of(request))
        return True


def refuse_scope(kind: str, needed: str) -> FeatureMemoryError:
    text = f"A key of kind '{kind}' may not do this; it takes the scope '{needed}'."
    if needed in SCOPES[kind]:
        text = (
            "Whoever made this key may no longer do this in the project, so the key may not "
            "either. Ask an admin of the project for a new key."
        )
    return FeatureMemoryError(text, ErrorCode.FORBIDDEN)
