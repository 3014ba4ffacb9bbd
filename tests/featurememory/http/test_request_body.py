"""Bodies within limits: type, encoding, size before and after unpacking."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from typing import Any

import pytest
import zstandard
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from featurememory.errors import ErrorCode, FeatureMemoryError
from featurememory.http.request_body import decompress_gzip, decompress_zstd, read_body

PACKERS: dict[str, tuple[Callable[[bytes], bytes], Callable[[bytes, int], bytes]]] = {
    "gzip": (gzip.compress, decompress_gzip),
    "zstd": (zstandard.compress, decompress_zstd),
}
either = pytest.mark.parametrize("encoding", PACKERS)


def request(body: bytes, content_type: str = "application/json", **headers: str) -> Any:
    return RequestFactory().generic(
        "POST", "/", data=body, content_type=content_type, headers=headers
    )


def code_of(body: bytes, limit: int = 1000, **more: Any) -> ErrorCode:
    with pytest.raises(FeatureMemoryError) as refused:
        read_body(request(body, **more), limit)
    return refused.value.code


def test_a_body_of_exactly_the_limit_is_read_and_one_more_byte_is_not() -> None:
    assert read_body(request(b"x" * 1000), 1000) == b"x" * 1000
    assert code_of(b"x" * 1001) is ErrorCode.TOO_LARGE


def test_the_content_type_may_carry_a_charset() -> None:
    assert read_body(request(b"{}", "application/json; charset=utf-8"), 10) == b"{}"


@pytest.mark.parametrize("content_type", ["text/plain", "multipart/form-data", "application/xml"])
def test_other_content_types_are_refused(content_type: str) -> None:
    assert code_of(b"{}", content_type=content_type) is ErrorCode.UNSUPPORTED_MEDIA_TYPE


def test_an_encoding_that_is_not_known_is_refused() -> None:
    headers: dict[str, Any] = {"Content-Encoding": "br"}
    refused = code_of(b"{}", **headers)
    assert refused is ErrorCode.UNSUPPORTED_MEDIA_TYPE


@either
@given(body=st.binary(max_size=300), parts=st.integers(1, 3))
def test_what_was_packed_in_any_number_of_members_is_unpacked(
    encoding: str, body: bytes, parts: int
) -> None:
    pack, unpack = PACKERS[encoding]

    assert unpack(pack(body) * parts, 1000) == body * parts


@either
@given(body=st.binary(min_size=1, max_size=300), cut=st.floats(0, 1, exclude_max=True))
def test_a_stream_that_was_cut_off_is_never_taken_for_a_whole_one(
    encoding: str, body: bytes, cut: float
) -> None:
    pack, unpack = PACKERS[encoding]
    whole = pack(body)
    part = whole[: int(len(whole) * cut)] or whole[:1]

    with pytest.raises(FeatureMemoryError) as refused:
        unpack(part, 1000)
    assert refused.value.status == 400


@either
def test_unpacking_stops_at_the_limit(encoding: str) -> None:
    pack, unpack = PACKERS[encoding]
    assert unpack(pack(b" " * 1000), 1000) == b" " * 1000

    with pytest.raises(FeatureMemoryError) as refused:
        unpack(pack(b" " * 1001), 1000)
    assert refused.value.code is ErrorCode.TOO_LARGE


@either
def test_rubbish_instead_of_a_packed_body_is_malformed(encoding: str) -> None:
    headers: dict[str, Any] = {"Content-Encoding": encoding}
    assert code_of(b"rubbish", **headers) is ErrorCode.MALFORMED_BODY


@either
def test_a_body_of_very_many_empty_parts_is_refused_at_once(encoding: str) -> None:
    pack, unpack = PACKERS[encoding]
    assert unpack(pack(b"") * 999 + pack(b"x"), 1000) == b"x"

    with pytest.raises(FeatureMemoryError, match="parts") as refused:
        unpack(pack(b"") * 800_000, 1000)
    assert refused.value.status == 413


def test_a_body_that_ends_before_its_length_is_never_taken_for_a_whole_one() -> None:
    cut = request(b'{"a":1}\n')
    cut.META["CONTENT_LENGTH"] = "20"
    with pytest.raises(FeatureMemoryError) as refused:
        read_body(cut, 1000)
    assert refused.value.code is ErrorCode.MALFORMED_BODY
