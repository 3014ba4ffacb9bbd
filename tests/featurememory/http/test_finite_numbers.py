"""Numbers beyond a float are refused with their pointer, wherever they stand."""

from __future__ import annotations

import json

import pytest

from featurememory.errors import FeatureMemoryError
from featurememory.http.finite_numbers import require_finite


@pytest.mark.parametrize("number", ["1e999", "-1e999", "1e0309", "9" * 400, "-" + "9" * 5000])
def test_a_number_that_no_float_holds_is_refused_with_its_pointer(number: str) -> None:
    raw = f'{{"text": "1e999", "a/b": [0, {{"c": {number}}}]}}'.encode()

    with pytest.raises(FeatureMemoryError) as caught:
        require_finite(raw)
    assert (caught.value.status, caught.value.details["errors"][0]["pointer"]) == (422, "/a~1b/1/c")


@pytest.mark.parametrize("number", ["1e308", "1e-999", "9" * 308, str(2**64), "0." + "1" * 400])
def test_every_number_that_a_float_holds_passes(number: str) -> None:
    require_finite(f'[{number}, "{"9" * 400}", "1e999"]'.encode())


def test_a_member_that_is_given_twice_hides_nothing() -> None:
    with pytest.raises(FeatureMemoryError):
        require_finite(b'{"a": 1e999, "a": 1}')


def test_plain_values_pass() -> None:
    require_finite(json.dumps({"a": [1, 2.5, None, True, "x"]}).encode())
