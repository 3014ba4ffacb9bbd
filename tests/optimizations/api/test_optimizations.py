from __future__ import annotations

import hashlib
import hmac
from typing import Any

import pytest

from featurememory.models import Activity, AuditEntry
from integration.models import ApiKey
from optimizations.models import OptimizationEvent
from tests import builders
from tests.optimizations.builders import decide, register, routed, session_in

pytestmark = pytest.mark.django_db


def test_one_made_by_hand_is_a_candidate() -> None:
    owner = builders.project()
    register(owner)
    pattern = builders.learned(owner, 5)[0]
    body = {"type": "route_model", "pattern_id": str(pattern.pk), "params": {"model_id": "small"}}

    answer = builders.caller(owner).post("optimizations/", body)

    assert answer.status_code == 201
    found = answer.json()
    assert (found["status"], found["pattern_id"]) == ("candidate", str(pattern.pk))
    assert found["evidence"]["n"] == {"treatment": 0, "holdout": 0}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"type": "no such type", "task_type": "t"}, 422),
        ({"type": "route_model"}, 422),
        ({"type": "route_model", "pattern_id": "x"}, 422),
        ({"type": "route_model", "task_type": "t", "params": {"model_id": "small"}}, 422),
        ({"type": "route_model", "task_type": "t", "model_id": "large"}, 422),
        ({"type": "cache_response", "task_type": "t", "model_id": "large"}, 422),
        ({"type": "tune_parameters", "task_type": "t", "model_id": "m", "params": {"a": 1}}, 422),
        ({"type": "route_model", "pattern_id": "00000000-0000-7000-8000-000000000000"}, 404),
    ],
)
def test_one_that_cannot_be_is_refused(body: dict, status: int) -> None:  # type: ignore[type-arg]
    call = builders.caller(builders.project())

    assert call.post("optimizations/", body).status_code == status


@pytest.mark.parametrize(
    ("kind", "params", "changed"),
    [
        ("route_model", {"model_id": "small"}, "model_id"),
        ("tune_parameters", {"parameters": {"temperature": 0}}, "parameters"),
    ],
)
def test_one_made_and_pinned_before_any_traffic_is_applied(
    kind: str, params: dict[str, Any], changed: str
) -> None:
    owner = builders.project()
    register(owner, capabilities={"tunable": {"temperature": [0, 1]}})
    call = builders.caller(owner)
    body = {"type": kind, "task_type": "task.0", "model_id": "large", "params": params}
    made = call.post("optimizations/", body).json()
    assert call.post(f"optimizations/{made['id']}/pin/", {}).status_code == 200

    session = session_in(owner)

    assert decide(owner, task={"session_id": session})["changed"] == [changed]


def test_the_list_can_be_narrowed() -> None:
    owner = builders.project()
    made = routed(owner)
    call = builders.caller(owner)

    def listed(**query: str) -> list[str]:
        return [entry["id"] for entry in call.get("optimizations/", **query).json()["data"]]

    assert made.id in listed(status="active")
    assert made.id not in listed(status="retired,rejected")
    assert made.id in listed(pattern_id=str(made.pattern_id), type="route_model")
    assert listed(type="timeout") == []
    assert call.get("optimizations/", status="nope").status_code == 422


@pytest.mark.parametrize("verb", ["block", "suspend", "retire"])
def test_a_persons_word_holds_from_the_next_task_on(verb: str) -> None:
    owner = builders.project()
    made = routed(owner)
    call = builders.caller(owner)
    session = {"session_id": session_in(owner)}
    if verb != "block":
        call.post(f"optimizations/{made.id}/unpin/", {})

    assert call.post(f"optimizations/{made.id}/{verb}/", {}).status_code == 200

    applied = decide(owner, task=session)["optimizations_applied"]
    assert made.id not in [entry["id"] for entry in applied]


def test_a_step_that_does_not_exist_is_a_conflict() -> None:
    owner = builders.project()
    made = routed(owner)

    answer = builders.caller(owner).post(f"optimizations/{made.id}/retire/", {})

    assert (answer.status_code, answer.json()["code"]) == (409, "CONFLICT")


def test_every_step_is_kept_with_who_took_it() -> None:
    owner = builders.project()
    made = routed(owner)
    builders.caller(owner).post(f"optimizations/{made.id}/block/", {})

    history = builders.caller(owner).get(f"optimizations/{made.id}/").json()["history"]

    assert history[0]["actor"] == "key ad key"
    assert history[0]["from"] == "active"
    assert OptimizationEvent.objects.filter(optimization_id=made.id).count() == len(history)


def test_one_of_another_project_is_not_found() -> None:
    made = routed(builders.project())
    other = builders.caller(builders.project())

    assert other.get(f"optimizations/{made.id}/").status_code == 404
    assert other.post(f"optimizations/{made.id}/pin/", {}).status_code == 404


@pytest.mark.parametrize(("kind", "status"), [("in", 403), ("ro", 403), ("rw", 404)])
def test_who_may_pin(kind: str, status: int) -> None:
    call = builders.caller(builders.project(), kind)

    assert call.post("optimizations/none/pin/", {}).status_code == status


def test_the_policy_is_sent_once_and_then_only_when_it_changed() -> None:
    owner = builders.project()
    call = builders.caller(owner)
    tag = call.get("policy/")["ETag"]
    same = call.send("GET", "policy/", headers={"If-None-Match": tag})
    routed(owner)
    changed = call.send("GET", "policy/", headers={"If-None-Match": tag})

    assert (same.status_code, same.content) == (304, b"")
    assert changed.status_code == 200
    assert changed["ETag"] != tag


def test_the_policys_signature_can_be_checked_with_the_keys_secret() -> None:
    key = builders.key_of(builders.project(), "ro")
    answer = builders.Caller(key).get("policy/")
    secret = ApiKey.digest_of(key.split("_", 3)[3]).encode()

    expected = hmac.new(secret, answer.content, hashlib.sha256).hexdigest()

    assert answer["X-Policy-Signature"] == f"hmac-sha256={expected}"


def test_savings_have_four_parts_with_intervals() -> None:
    call = builders.caller(builders.project())
    found = call.get("savings/", **{"from": "2026-11-01T00:00:00Z"}).json()

    for part in ("estimated", "verified", "lost", "net"):
        assert set(found[part]) == {"cost", "tokens", "time_ms", "n"}
        assert set(found[part]["cost"]) == {"point", "low", "high"}


@pytest.mark.parametrize(
    "query", [{"from": "never"}, {"from": "2026-11-02T00:00:00Z", "to": "2026-11-01T00:00:00Z"}]
)
def test_a_period_that_is_none_is_refused(query: dict[str, str]) -> None:
    assert builders.caller(builders.project()).get("savings/", **query).status_code == 422


def test_the_reason_for_a_change_by_hand_is_kept_in_its_history_and_in_the_audit_log() -> None:
    owner = builders.project()
    made = routed(owner)
    caller = builders.caller(owner)
    shown = caller.post(f"optimizations/{made.id}/block/", {"reason": "wrong tone"}).json()

    assert shown["history"][0]["reason"].endswith(": wrong tone")
    entry = AuditEntry.objects.get(project_id=owner.pk, action="optimization.block")
    assert entry.reason == "wrong tone"


def test_the_reason_for_a_purge_of_the_cache_is_kept() -> None:
    owner = builders.project()
    routed(owner)
    caller = builders.caller(owner)
    assert caller.post("optimizations/purge-cache/", {"reason": "new catalogue"}).status_code == 200

    assert AuditEntry.objects.get(action="cache.purged").reason == "new catalogue"
    assert Activity.objects.filter(summary__endswith="new catalogue").exists()
