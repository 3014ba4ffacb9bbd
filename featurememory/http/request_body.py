"""Reads request bodies within limits: size, content type, gzip and zstd without bombs."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from typing import Any

import zstandard
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from django.http.request import RawPostDataException, UnreadablePostError

from featurememory.errors import ErrorCode, FeatureMemoryError
from featurememory.http.rate_limits import CHARGE

JSON = ("application/json",)
# Members or frames of a compressed body: one is usual, parallel packers make some hundreds.
PARTS, PIECE = 1000, 1 << 14


def read_body(
    request: HttpRequest, limit: int | None = None, types: tuple[str, ...] = JSON
) -> bytes:
    """The decoded body of at most `limit` bytes (default: settings.BODY_LIMIT).

    Raises 400 (broken encoding), 413 (too large, also after unpacking), 415 (type, encoding).
    """
    limit = limit or settings.BODY_LIMIT
    media_type = (request.content_type or "").strip().lower()
    if media_type not in types:
        raise FeatureMemoryError(
            f"Send {' or '.join(types)}, not {media_type[:80] or 'a body without Content-Type'}.",
            ErrorCode.UNSUPPORTED_MEDIA_TYPE,
        )
    return unpack_body(read_raw_body(request, limit), request, limit)


def read_raw_body(request: HttpRequest, limit: int) -> bytes:
    if int(request.META.get("CONTENT_LENGTH") or 0) > limit:
        raise make_too_large_error(limit)
    try:
        if "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower():
            # Django reads nothing when no length is given; the server has joined the chunks.
            body = request.META["wsgi.input"].read(limit + 1)
            request.META.get(CHARGE, int)(len(body))
        else:
            body = request.read(limit + 1)
    except (UnreadablePostError, RawPostDataException, RequestDataTooBig, OSError) as error:
        raise make_cut_off_error() from error
    if len(body) > limit:
        raise make_too_large_error(limit)
    if len(body) < int(request.META.get("CONTENT_LENGTH") or 0):
        raise make_cut_off_error()
    return bytes(body)


def unpack_body(body: bytes, request: HttpRequest, limit: int) -> bytes:
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding in ("", "identity"):
        return body
    if encoding in ("gzip", "x-gzip"):
        return decompress_gzip(body, limit)
    if encoding == "zstd":
        return decompress_zstd(body, limit)
    raise FeatureMemoryError(
        f"Content-Encoding {encoding[:40]!r} is not known; gzip and zstd are.",
        ErrorCode.UNSUPPORTED_MEDIA_TYPE,
    )


def decompress_gzip(body: bytes, limit: int) -> bytes:
    """Unpack all members of a gzip body (RFC 1952); 413 as soon as a limit is exceeded."""
    try:
        return unpack_parts(
            body,
            limit,
            lambda: zlib.decompressobj(wbits=31),
            lambda member, piece, room: member.decompress(piece, room),
            "gzip",
        )
    except zlib.error as error:
        raise make_broken_encoding_error("gzip", str(error)) from error


def decompress_zstd(body: bytes, limit: int) -> bytes:
    """Unpack all frames of a zstd body (RFC 8878). The size is checked in a first pass, because unpacking
    up to a limit does not detect truncated frames."""
    decompressor = zstandard.ZstdDecompressor(max_window_size=8 << 20)
    try:
        with decompressor.stream_reader(io.BytesIO(body), read_across_frames=True) as reader:
            if len(reader.read(limit + 1)) > limit:
                raise make_too_large_error(limit)
        return unpack_parts(
            body,
            limit,
            decompressor.decompressobj,
            lambda frame, piece, room: frame.decompress(piece),
            "zstd",
        )
    except zstandard.ZstdError as error:
        raise make_broken_encoding_error("zstd", str(error)) from error


def unpack_parts(
    body: bytes,
    limit: int,
    make_part: Callable[[], Any],
    unpack: Callable[[Any, memoryview, int], bytes],
    encoding: str,
) -> bytes:
    """Unpack the members (gzip) or frames (zstd) that a body consists of. A part is given PIECE bytes at
    a time: it copies what follows its end, which would be quadratic with all the rest."""
    out, start, view = bytearray(), 0, memoryview(body)
    for _ in range(PARTS):
        part = make_part()
        while not part.eof:
            piece = view[start : start + PIECE]
            if not piece:
                raise make_broken_encoding_error(encoding, "it ends too early")
            out += unpack(part, piece, limit + 1 - len(out))
            if len(out) > limit:
                raise make_too_large_error(limit)
            start += len(piece)
        start -= len(part.unused_data)
        if start == len(view):
            return bytes(out)
    raise FeatureMemoryError(
        f"The {encoding} body consists of more than {PARTS:,} parts (members or frames). "
        "Compress it as a whole.",
        ErrorCode.TOO_LARGE,
    )


def make_too_large_error(limit: int) -> FeatureMemoryError:
    return FeatureMemoryError(
        f"The body exceeds {limit:,} bytes. Send less at once, or in batches.", ErrorCode.TOO_LARGE
    )


def make_cut_off_error() -> FeatureMemoryError:
    return FeatureMemoryError("The body ended before its Content-Length.", ErrorCode.MALFORMED_BODY)


def make_broken_encoding_error(encoding: str, why: str) -> FeatureMemoryError:
    return FeatureMemoryError(f"The body is not valid {encoding}: {why}", ErrorCode.MALFORMED_BODY)
