"""What the people of the demo do: on their days, and as soon as something was rolled back."""

from __future__ import annotations

import pytest

from featurememory.models import ConfigVersion
from integration.demo import people
from integration.demo.people import People
from optimizations.manager import OptimizationManager
from optimizations.models import Optimization, OptimizationEvent
from tests.builders import project
from tests.optimizations.builders import routed

pytestmark = pytest.mark.django_db


def test_each_thing_is_done_once_on_its_day() -> None:
    owner = project()
    person = People(owner)
    for after, until in ((-1.0, 0.4), (0.4, 0.6), (0.6, 3.0), (3.0, 7.0)):
        person.act(after, until)

    changed = [sorted(version.changes) for version in ConfigVersion.objects.order_by("number")]
    assert changed == [["retention_period"], ["cost_weight", "exploration_budget"]]


def test_what_was_rolled_back_is_blocked_at_once_and_only_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    owner = project()
    made, manager = routed(owner), OptimizationManager(owner)
    manager.act(made.id, "unpin", "eva")
    manager.act(made.id, "suspend", "eva")
    monkeypatch.setattr(people, "SETTLED_BY_HAND", (("suspended", "task.0"),))
    for _ in range(2):
        People(owner).act(50.0, 50.1)

    assert Optimization.objects.get(id=made.id).control == "blocked"
    assert OptimizationEvent.objects.filter(actor="mara").count() == 1
