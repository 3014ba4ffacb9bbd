"""Why an interaction belongs to its pattern, and what the recogniser sees of it."""

from __future__ import annotations

import pytest

from patterns.models import ModelInteraction, Payload
from patterns.recognition.explain import explain_match
from patterns.storage.stored_observations import observation_of
from tests.builders import NOON, items, keep, learned, project

pytestmark = pytest.mark.django_db


def test_the_recogniser_sees_what_was_sent_in_its_own_units() -> None:
    owner = project()
    keep(owner, items(1, parameters={"temperature": 0.2}, tags={"env": "prod"}))
    row = ModelInteraction.objects.get(project=owner)
    seen = observation_of(row, Payload.objects.get(pk=row.pk).data)

    assert (seen.id, seen.timestamp, seen.duration) == ("i-0", NOON / 1000, 800.0)
    assert (seen.input, seen.output) == ("Where is my order 1000?", "It ships tomorrow.")
    assert (seen.parameters, seen.tags) == ({"temperature": 0.2}, {"env": "prod"})
    assert (seen.memory_usage, seen.success, seen.score) == (1 << 20, True, None)


def test_what_waits_or_is_damaged_has_no_why() -> None:
    owner = project()
    learned(owner, 2)
    keep(owner, items(1, start=5))
    done, waiting = ModelInteraction.objects.get(id="i-0"), ModelInteraction.objects.get(id="i-5")
    data = Payload.objects.get(pk=done.pk).data

    assert explain_match(done, data) is not None
    assert explain_match(waiting, data) is None
    assert explain_match(done, b"\x00rubbish") is None
    assert explain_match(done, None) is None
