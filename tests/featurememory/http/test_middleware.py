"""Around every request: an id, the content security policy, compression."""

from __future__ import annotations

import gzip

import brotli
import pytest
from django.http import HttpResponse, HttpResponseBase
from django.test import RequestFactory

from featurememory.http.middleware import (
    CompressPages,
    add_content_security_policy,
    assign_request_id,
    pad_brotli,
)
from featurememory.process import json_logs


def answered(given: str | None = None) -> tuple[HttpResponse, str]:
    seen = []

    def view(_: object) -> HttpResponse:
        seen.append(json_logs.request_id.get())
        return HttpResponse()

    headers = {"X-Request-ID": given} if given is not None else {}
    return assign_request_id(view)(RequestFactory().get("/", headers=headers)), seen[0]


def test_the_id_a_caller_gives_is_kept_for_the_log_and_the_answer() -> None:
    response, seen = answered("trace-1234")

    assert response["X-Request-ID"] == seen == "trace-1234"
    assert json_logs.request_id.get() == ""


@pytest.mark.parametrize(
    "given", [None, "", "short", "with space 123", "x" * 65, "ü" * 10, "a;b=c;d=e"]
)
def test_an_id_that_could_do_harm_is_replaced(given: str | None) -> None:
    response, seen = answered(given)

    assert response["X-Request-ID"] == seen != given
    assert len(seen) == 36


def test_the_policy_allows_nothing_from_elsewhere_and_nothing_unsafe() -> None:
    response = add_content_security_policy(lambda _: HttpResponse())(RequestFactory().get("/"))
    policy = response["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


PAGE = b"<p>What recurs is learned once.</p>" * 50


def compressed(accepted: str, content: bytes = PAGE, kind: str = "text/html") -> HttpResponseBase:
    request = RequestFactory().get("/", headers={"Accept-Encoding": accepted})
    answer = HttpResponse(content, content_type=kind, headers={"ETag": '"one"'})
    return CompressPages(lambda _: answer).process_response(request, answer)


def test_a_page_is_brotli_for_browsers_that_read_it() -> None:
    response = compressed("gzip, deflate, br, zstd")

    assert isinstance(response, HttpResponse)
    assert response["Content-Encoding"] == "br"
    assert brotli.decompress(response.content) == PAGE
    assert response["Content-Length"] == str(len(response.content))
    assert response["Vary"] == "Accept-Encoding"
    assert response["ETag"] == 'W/"one"'


@pytest.mark.parametrize("accepted", ["gzip, deflate", "br;q=0, gzip", "gzip, br ; q=0.000"])
def test_others_get_the_same_page_as_gzip(accepted: str) -> None:
    response = compressed(accepted)

    assert isinstance(response, HttpResponse)
    assert response["Content-Encoding"] == "gzip"
    assert gzip.decompress(response.content) == PAGE


def test_a_little_wish_for_brotli_is_one() -> None:
    assert compressed("br;q=0.5")["Content-Encoding"] == "br"


@pytest.mark.parametrize(("content", "kind"), [(b"short", "text/html"), (PAGE, "text/csv")])
def test_what_is_short_or_no_page_is_not_brotli(content: bytes, kind: str) -> None:
    assert not compressed("br", content, kind).has_header("Content-Encoding")


def test_the_length_of_a_compressed_page_varies() -> None:
    assert len({compressed("br")["Content-Length"] for _ in range(50)}) > 5


@pytest.mark.parametrize("count", [1, 63, 64, 256])
def test_padding_of_any_length_is_skipped(count: int) -> None:
    compressor = brotli.Compressor(quality=5)
    start = compressor.process(PAGE) + compressor.flush()

    assert brotli.decompress(start + pad_brotli(count) + compressor.finish()) == PAGE
