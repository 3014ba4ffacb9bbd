"""Middleware: request ids for logs and answers, the content security policy, compression."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable

import brotli
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.utils.cache import patch_vary_headers
from uuid_utils.compat import uuid7

from featurememory.process import json_logs, request_priority

Handler = Callable[[HttpRequest], HttpResponse]
GIVEN = re.compile(r"[A-Za-z0-9_\-]{8,64}")


def assign_request_id(get_response: Handler) -> Handler:
    """Use the X-Request-ID of the caller when it is a plain token, else a new one; return it.

    The outermost middleware: it also registers the request, so that background work yields.
    """

    def handle(request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        name = given if GIVEN.fullmatch(given) else str(uuid7())
        token = json_logs.request_id.set(name)
        request_priority.enter_request()
        try:
            response = get_response(request)
        finally:
            request_priority.leave_request()
            json_logs.request_id.reset(token)
        response["X-Request-ID"] = name
        return response

    return handle


POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "font-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ]
)


def add_content_security_policy(get_response: Handler) -> Handler:
    """Add the same strict policy to every response (Django 5.2 has no setting for it)."""

    def handle(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        return response

    return handle


ACCEPTS_BROTLI = re.compile(r"\bbr\b(?!\s{0,9};\s{0,9}q=0(?:\.0{0,3})?(?![.\d]))")
BROTLI_QUALITY = 5  # as fast as gzip's usual level and an eighth smaller; from 7 on it costs more
SMALLEST, MOST_PADDING = 200, 100


class CompressPages(GZipMiddleware):
    """Pages in brotli for browsers that read it; everything else as Django does, in gzip."""

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        accepted = ACCEPTS_BROTLI.search(request.headers.get("Accept-Encoding", ""))
        if isinstance(response, HttpResponse) and accepted and is_page(response):
            compress_page(response)
            return response
        return super().process_response(request, response)


def is_page(response: HttpResponse) -> bool:
    return (
        response.get("Content-Type", "").startswith("text/html")
        and not response.has_header("Content-Encoding")
        and len(response.content) >= SMALLEST
    )


def compress_page(response: HttpResponse) -> None:
    patch_vary_headers(response, ("Accept-Encoding",))
    response.content = compress_brotli(response.content)
    response["Content-Encoding"] = "br"
    response["Content-Length"] = str(len(response.content))
    if response.get("ETag", "").startswith('"'):
        response["ETag"] = f"W/{response['ETag']}"


def compress_brotli(content: bytes) -> bytes:
    """Padded by a random length, as Django pads gzip: lengths of answers tell nothing (BREACH)."""
    compressor = brotli.Compressor(quality=BROTLI_QUALITY)
    written: bytes = compressor.process(content) + compressor.flush()
    written += pad_brotli(1 + secrets.randbelow(MOST_PADDING)) + compressor.finish()
    return written


def pad_brotli(count: int) -> bytes:
    """A block of 1 to 256 bytes that readers skip (RFC 7932, section 9.2: metadata)."""
    head = 0b010110 | (count - 1) << 6  # not the last one; metadata; its length is one byte
    return head.to_bytes(2, "little") + secrets.token_bytes(count)
