import itertools

import pytest

from optimizations.engine.domain.lifecycle import ALLOWED, LifecycleError, check_step


def test_only_what_was_proven_or_watched_becomes_active() -> None:
    sources = {source for source, targets in ALLOWED.items() if "active" in targets}
    assert sources == {"trial", "shadow", "suspended"}


@pytest.mark.parametrize(("source", "target"), [("candidate", "active"), ("rejected", "active")])
def test_a_gate_cannot_be_skipped(source: str, target: str) -> None:
    with pytest.raises(LifecycleError):
        check_step(source, target)


def test_every_status_can_be_left_and_reached() -> None:
    reached = set(itertools.chain.from_iterable(ALLOWED.values()))
    assert set(ALLOWED) == reached
