"""JSON bodies: numbers that nothing can hold are refused with their pointer, others in words."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
import pytest
from msgspec import Meta

from featurememory.errors import FeatureMemoryError
from featurememory.http.json_body import decode_finite, decode_json, describe_mismatch

Named = Annotated[str, Meta(min_length=1, max_length=1)]
Some = Annotated[list[int], Meta(max_length=1000)]


class ShapeIn(msgspec.Struct):
    name: Named = "a"
    count: Annotated[int, Meta(ge=0)] | None = None
    share: Annotated[float, Meta(gt=0, le=1.5)] = 1.0
    some: Some = []
    on: bool = True


@pytest.mark.parametrize("number", [str(2**64), str(-(2**63) - 1), "9" * 400, "-" + "7" * 25])
def test_an_integer_of_more_than_64_bits_is_refused_with_its_pointer(number: str) -> None:
    with pytest.raises(FeatureMemoryError) as refused:
        decode_finite(b'{"a": [1, {"b": %s}]}' % number.encode(), dict[str, Any])

    assert refused.value.status == 422
    assert refused.value.details["errors"][0]["pointer"] == "/a/1/b"


@pytest.mark.parametrize("number", ["9" * 5000, "-" + "9" * 4400, "1e400"])
def test_a_number_that_cannot_be_read_is_the_fault_of_who_sent_it(number: str) -> None:
    with pytest.raises(FeatureMemoryError) as refused:
        decode_finite(b'{"a": %s}' % number.encode(), dict[str, Any])

    assert refused.value.status in (400, 422)


def test_digits_in_a_text_are_no_number() -> None:
    raw = b'{"a": "%s", "b": %d}' % (b"9" * 5000, 2**64 - 1)

    assert decode_finite(raw, dict[str, Any])["b"] == 2**64 - 1


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"[]", "must be an object, not an array"),
        (b'{"name": 5}', "name: must be text, not a whole number"),
        (b'{"name": ""}', "name: must not be empty"),
        (b'{"name": "ab"}', "name: must have at most 1 character"),
        (b'{"count": "x"}', "count: must be a whole number or null, not text"),
        (b'{"count": -1}', "count: must be at least 0"),
        (b'{"share": 0}', "share: must be more than 0"),
        (b'{"share": 2}', "share: must be at most 1.5"),
        (b'{"some": [' + b"1," * 1000 + b"1]}", "some: must have at most 1,000 items"),
        (b'{"on": 1}', "on: must be true or false, not a whole number"),
    ],
)
def test_a_wrong_value_is_described_in_words(raw: bytes, said: str) -> None:
    with pytest.raises(FeatureMemoryError) as caught:
        decode_json(raw, ShapeIn)

    assert str(caught.value) == said


def test_a_message_of_another_kind_stays() -> None:
    assert describe_mismatch("Invalid UUID") == "invalid UUID"
