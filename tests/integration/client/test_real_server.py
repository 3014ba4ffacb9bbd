"""Against the server itself: what the client sends is what the API takes."""

from __future__ import annotations

from typing import Any

import featurememory_client as fm
import pytest
from django.test import Client

from tests.builders import key_of, project

pytestmark = pytest.mark.django_db(transaction=True)


def test_calls_decisions_and_feedback_arrive(live_server: Any, client: Client) -> None:
    key = key_of(project())
    fm.init(live_server.url, key, timeout=10)
    task = {"task_type": "t", "model_id": "large", "input": "hello", "parameters": {"n": 1}}
    decision = fm.prepare(task)
    with fm.interaction(task_type="t", model_id="large", input="hello", session_id="s-1") as call:
        call.output, call.usage, call.decision = "hi", {"input_tokens": 7}, decision
    with pytest.raises(ValueError), fm.interaction(task_type="t", model_id="large", input=[1.5]):
        raise ValueError("boom")
    fm.feedback(interaction_id=call.id, score=0.25, comment="late")

    assert fm.flush(20), fm.stats()
    headers = {"Authorization": f"Bearer {key}"}
    entry = client.get(f"/api/v1/interactions/{call.id}/", headers=headers).json()
    assert (entry["input"], entry["output"], entry["score"]) == ("hello", "hi", 0.25)
    assert (entry["session_id"], entry["decision_id"]) == ("s-1", decision.decision_id)
    assert decision.task == task
    assert fm.stats()["sent"] == 2
