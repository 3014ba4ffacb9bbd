"""What a value becomes: whatever a caller passes, it costs little and breaks nothing."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import json
import os
import threading
import time
from types import SimpleNamespace
from typing import Any, NamedTuple

import featurememory_client as fm
import numpy as np
import pytest
from featurememory_client.delivery.parcels import LONGEST_INTERACTION, Parcel, encode
from featurememory_client.recording.snapshot import Room, freeze
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.integration.client.fake_server import FakeServer


class Rude:
    def __repr__(self) -> str:
        raise RuntimeError("no repr")

    __str__ = __repr__

    def __deepcopy__(self, memo: Any) -> Any:
        raise RuntimeError("no copy")


class Colour(enum.Enum):
    RED = "red"


class Point(NamedTuple):
    x: int
    y: int


@dataclasses.dataclass
class Order:
    number: int
    api_key: str


class Message:
    def model_dump(self, exclude_none: bool = False) -> dict[str, Any]:
        return {"role": "user", "content": "hi"}


def ring() -> list[Any]:
    found: list[Any] = []
    found.append(found)
    return found


def deep() -> list[Any]:
    found: list[Any] = []
    for _ in range(5000):
        found = [found]
    return found


ODD: list[Any] = [
    object(), Rude(), b"\xff\x00", float("nan"), float("inf"), ring(), deep(), "\ud800", {1, "a"},
    10**400, 10**5000, {("a", 1): 2, None: 3, 1.5: 4}, threading.Lock(), type, len, np.zeros(10**6),
]  # fmt: skip


@pytest.mark.parametrize("value", ODD, ids=lambda value: type(value).__name__)
def test_odd_values_become_json(value: Any) -> None:
    raw = encode(freeze(value, Room()))

    json.loads(raw.decode("utf-8"), parse_constant=pytest.fail)


KNOWN = [
    (Colour.RED, "red"),
    (Point(1, 2), {"x": 1, "y": 2}),
    (Order(7, "sk-1"), {"number": 7, "api_key": "[hidden]"}),
    (Message(), {"role": "user", "content": "hi"}),
    (datetime.date(2026, 11, 22), "2026-11-22"),
    (decimal.Decimal("1.50"), "1.50"),
    (np.float32(0.5), 0.5),
    (np.array([1, 2]), [1, 2]),
    ((1, (2,)), [1, [2]]),
    ({"headers": {"a": "b"}, "rows": [1]}, {"headers": "[hidden]", "rows": [1]}),
    ({"headers": ["Date", "Amount"]}, {"headers": ["Date", "Amount"]}),
    (b"abc", "<3 bytes>"),
    (SimpleNamespace(password="x"), "<SimpleNamespace>"),
    (os.environ, "[hidden]"),
]


@pytest.mark.parametrize(("value", "expected"), KNOWN, ids=lambda value: type(value).__name__)
def test_well_known_values_are_readable(value: Any, expected: Any) -> None:
    assert freeze(value, Room()) == expected


names = st.text('aé"\\ 語_', max_size=6)
scalars = st.none() | st.booleans() | st.integers(-(2**62), 2**62) | st.floats(-1e9, 1e9) | names
json_values = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(names, inner), max_leaves=12
)


@given(json_values)
@settings(max_examples=50, deadline=None)
def test_json_stays_what_it_is(value: Any) -> None:
    assert freeze(value, Room()) == value


@pytest.mark.parametrize(
    "value",
    [
        "x" * 5_000_000,
        [0.5] * 1_000_000,
        [["word"] * 100] * 10_000,
        {str(n): n for n in range(10**5)},
    ],
    ids=["text", "vector", "lists", "keys"],
)
def test_a_huge_value_holds_nobody_up(value: Any) -> None:
    times = []
    for _ in range(5):
        began = time.thread_time()
        freeze(value, Room())
        times.append(time.thread_time() - began)

    assert min(times) < 0.03


def test_an_interaction_that_is_too_long_is_cut_in_its_middle() -> None:
    content = {"id": "1", "input": ["a" * 900_000, "b" * 900_000], "output": "é" * 900_000}
    raw = Parcel(content, 1).write(lambda content: content)

    assert len(raw) <= LONGEST_INTERACTION
    first = json.loads(raw)["input"][0]
    assert first.startswith("aaa")
    assert "left out" in first


def test_odd_values_take_no_other_call_with_them(server: FakeServer) -> None:
    fm.init(server.url, "k")
    job = fm.remember(task_type="t", model_id="m")(lambda q: q)
    for number, value in enumerate(ODD):
        assert job(value) is value
        job(f"good-{number}.")

    assert fm.flush(10)
    assert [n for n in range(len(ODD)) if len(server.found(f"good-{n}.")) != 1] == []
