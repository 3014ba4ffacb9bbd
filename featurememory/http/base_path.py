"""Living under a part of a host, like https://example.com/memory/.

Everything inside knows only its own paths: the WSGI wrapper takes the base path off what comes in and
hands it on as SCRIPT_NAME, and Django puts it before every address it makes. What is not made by Django
(paths that are stored, or that engines write) gets it from `place_path`.
"""

from __future__ import annotations

import re
from typing import Any

from django.urls import get_script_prefix
from whitenoise.storage import CompressedManifestStaticFilesStorage

SHAPE = re.compile(r"(?:/[A-Za-z0-9][A-Za-z0-9._~-]{0,79}){1,8}")


def is_base_path(text: str) -> bool:
    return SHAPE.fullmatch(text) is not None


def place_path(path: str) -> str:
    """A path of ours as browsers have to ask for it; other addresses stay."""
    if not path.startswith("/") or path.startswith("//"):
        return path
    return get_script_prefix().rstrip("/") + path


class PlacedFiles:
    """A mixin for storages of static files: Django would keep the base path of the first request for all."""

    def url(self, *given: Any, **more: Any) -> str:
        return place_path(super().url(*given, **more))  # type: ignore[misc]


class PlacedStaticFiles(PlacedFiles, CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Static files under hashed names, compressed."""


def enter_base_path(environ: dict[str, Any], base: str) -> None:
    """Proxies pass on the whole path, or what is behind the base path: both mean the same."""
    environ["SCRIPT_NAME"] = base
    path = environ.get("PATH_INFO", "")
    if path == base or path.startswith(f"{base}/"):
        environ["PATH_INFO"] = path[len(base) :] or "/"


def add_server(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Hook of the OpenAPI document: its paths begin behind the base path."""
    if base := get_script_prefix().rstrip("/"):
        result["servers"] = [{"url": base}]
    return result
