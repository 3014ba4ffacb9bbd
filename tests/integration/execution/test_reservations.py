"""Calls that would not fit wait; what waits too long is refused."""

from __future__ import annotations

import asyncio
import threading

import pytest

from featurememory.errors import ErrorCode, FeatureMemoryError
from integration.execution.reservations import Reservations

BIG = {"memory_usage": (50.0, 700.0), "duration": (1.0, 9.0)}


def test_what_fits_together_runs_together() -> None:
    room = Reservations(memory=1_500, patience_s=0)
    with room.hold(BIG), room.hold(BIG):
        assert room.held["memory_usage"] == 1_400
        with pytest.raises(FeatureMemoryError) as refusal, room.hold(BIG):
            pass

    assert refusal.value.code is ErrorCode.OVERLOADED
    assert set(room.held.values()) == {0.0}


def test_a_call_waits_until_another_ends() -> None:
    room, begun, order = Reservations(calls=1, patience_s=30), threading.Event(), list[str]()

    def second() -> None:
        begun.set()
        with room.hold({}):
            order.append("second")

    thread = threading.Thread(target=second)
    with room.hold({}):
        thread.start()
        begun.wait(10)
        order.append("first")
    thread.join(10)

    assert order == ["first", "second"]


def test_a_call_larger_than_all_room_runs_alone() -> None:
    room = Reservations(memory=100, patience_s=0)
    with room.hold(BIG), pytest.raises(FeatureMemoryError), room.hold(BIG):
        pass


def test_coroutines_reserve_too_and_a_failure_frees_the_room() -> None:
    room = Reservations(calls=1, patience_s=0)

    async def fail() -> None:
        async with room.hold_async(BIG):
            assert room.held["calls"] == 1
            with pytest.raises(FeatureMemoryError):
                async with room.hold_async({}):
                    pass
            raise LookupError

    with pytest.raises(LookupError):
        asyncio.run(fail())
    assert room.held["calls"] == 0
