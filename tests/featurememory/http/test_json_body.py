"""JSON bodies: numbers that nothing can hold are refused with their pointer."""

from __future__ import annotations

from typing import Any

import pytest

from featurememory.errors import FeatureMemoryError
from featurememory.http.json_body import decode_finite


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
