"""The Python client for this server's users: a listing that pip can read, and the wheel itself.

Without sign-in, because pip has none; there is nothing in it that is not public.
"""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.views.decorators.http import require_safe

from integration.client_wheel import built_wheel

LISTING = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Feature Memory: Python client</title></head>
<body><h1>Python client</h1><p><a href="{name}#sha256={digest}">{name}</a></p></body></html>
"""


@require_safe
def list_wheels(request: HttpRequest) -> HttpResponse:
    name, _, digest = built_wheel()
    return HttpResponse(LISTING.format(name=name, digest=digest))


@require_safe
def download_wheel(request: HttpRequest, name: str) -> HttpResponse:
    current, content, digest = built_wheel()
    if name != current:
        raise Http404
    if request.headers.get("If-None-Match", "").strip() == f'"{digest}"':
        return HttpResponseNotModified()
    headers = {"ETag": f'"{digest}"', "Content-Length": str(len(content))}
    headers |= {"Cache-Control": "public, max-age=3600"}
    return HttpResponse(content, "application/octet-stream", headers=headers)
