"""Requests as nobody should send them: damaged bodies, odd filters, forms of odd fields."""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

from tests.benchmarks.fuzzing.grammar import damaged_item, nested, number, oddity, prompt
from tests.benchmarks.fuzzing.requests import BadRequest, Requester
from tests.benchmarks.fuzzing.targets import Target

_FILTERS = """
    limit cursor q sort status model_id task_type session_id pattern_id min_confidence state type
    min_effectiveness used_before used_after from to bucket actor action success range source kind
"""
_FIELDS = """
    ids operation_id pinned single back label by value reason name kind expires filter q model_id
    input_per_1m output_per_1m per_call task_types enabled params confirm status min_confidence
    used_before all mapping format example_ids
"""
FILTERS, FIELDS = _FILTERS.split(), _FIELDS.split()
DATES = (
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
    "２０２６-01-01",
    "2026-02-30",
    "1e3",
)


def make_request(requester: Requester, r: random.Random) -> BadRequest:
    kind = r.choice(("bodies", "filters", "pages"))
    target = r.choice([one for one in requester.targets if one.kind == kind])
    path = fill_path(requester, target.path, r)
    query = make_query(requester, r) if target.method == "GET" or r.random() < 0.1 else b""
    if target.kind == "bodies":
        body, content_type = make_body(requester, target, r)
        return BadRequest(kind, target.method, path, query, body, content_type)
    if target.method == "POST":
        form = make_form(requester, r)
        return BadRequest(kind, "POST", path, query, form, "application/x-www-form-urlencoded")
    return BadRequest(kind, target.method, path, query)


def fill_path(requester: Requester, path: str, r: random.Random) -> str:
    """Known ids and odd ones in the places of parameters."""
    if path.startswith("^"):
        path = "v1/" + re.sub(r"\W", "", path.rpartition("v1/")[2])

    def fill(match: re.Match[str]) -> str:
        if match[1] == "int":
            return str(r.randrange(1 << r.choice((3, 31, 70))))
        if r.random() < 0.8:
            return quote(r.choice(requester.ids.get(match[2], requester.known)), safe="")
        if match[1] in ("uuid", "slug"):
            return quote(r.choice(requester.known), safe="")
        return quote(as_text(oddity(r))[:200], safe="") or "x"

    return re.sub(r"<(\w+):(\w+)>", fill, path)


def as_text(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text.encode("utf-8", "replace").decode()


def odd_value(requester: Requester, r: random.Random) -> Any:
    makers: list[Callable[[], Any]] = [
        lambda: number(r),
        lambda: oddity(r),
        lambda: nested(r, 4),
        lambda: r.choice(DATES),
        lambda: r.choice(requester.known),
        lambda: r.choice([True, None, -1, 2**63, -(2**70), 1e308, 0.1, [], {}, "", "null"]),
        lambda: prompt(r) * r.choice((1, 40)),
    ]
    return r.choice(makers)()


def make_query(requester: Requester, r: random.Random) -> bytes:
    names = r.sample(FILTERS, r.randrange(0, 4))
    pairs = [(name, as_text(odd_value(requester, r))[:2000]) for name in names]
    if r.random() < 0.1:
        return r.randbytes(r.randrange(1, 20)).replace(b"\n", b"").replace(b"\r", b"")
    return urlencode(pairs).encode()


def make_form(requester: Requester, r: random.Random) -> bytes:
    names = [r.choice(FIELDS) for _ in range(r.randrange(0, 5))]
    pairs = [(name, as_text(odd_value(requester, r))[:5000]) for name in names]
    return urlencode(pairs).encode()


def make_body(requester: Requester, target: Target, r: random.Random) -> tuple[bytes, str]:
    if target.path.endswith("interactions/") and r.random() < 0.5:
        return damaged_item(r), "application/json"
    body = copy.deepcopy(target.body)
    for _ in range(r.choice((1, 1, 2, 4))):
        body = damage(body, requester, r)
    raw = json.dumps(body, ensure_ascii=r.random() < 0.5).encode("utf-8", "surrogatepass")
    raw = raw.replace(b"{pattern}", r.choice(requester.known).encode())
    if r.random() < 0.15:
        place = r.randrange(len(raw) + 1)
        raw = raw[:place] + r.randbytes(r.randrange(0, 3)) + raw[place + r.randrange(4) :]
    kinds = ("application/json",) * 12 + (
        "application/x-ndjson",
        "text/plain",
        "application/x-protobuf",
    )
    return raw, r.choice(kinds)


def damage(value: Any, requester: Requester, r: random.Random) -> Any:
    """Somewhere inside another value, one more or one less."""
    if isinstance(value, dict) and value and r.random() < 0.85:
        name = r.choice(list(value))
        if r.random() < 0.1:
            del value[name]
        elif r.random() < 0.1:
            value[as_text(oddity(r))] = value.pop(name)
        else:
            value[name] = damage(value[name], requester, r)
        return value
    if isinstance(value, list) and value and r.random() < 0.85:
        place = r.randrange(len(value))
        value[place] = damage(value[place], requester, r)
        return value * r.choice((1, 1, 1, 3))
    return odd_value(requester, r)
