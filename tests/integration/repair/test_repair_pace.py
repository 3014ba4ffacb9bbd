"""How often patterns are repaired: never for more than a small share of the time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from integration.repair import save_repair
from patterns.models import Learner
from tests.builders import project

pytestmark = pytest.mark.django_db


def test_after_a_long_repair_the_next_one_waits_longer() -> None:
    owner = project()
    ago = timezone.now() - timedelta(minutes=5)
    Learner.objects.create(pk=owner.pk, learned_since=1000, consolidated_at=ago)
    assert save_repair.is_repair_due(owner.pk)

    save_repair.record_repair_time(owner.pk, 60.0)
    assert not save_repair.is_repair_due(owner.pk)


def test_the_pause_after_a_long_repair_ends() -> None:
    owner = project()
    ago = timezone.now() - timedelta(minutes=21)
    Learner.objects.create(pk=owner.pk, learned_since=1000, consolidated_at=ago)
    save_repair.record_repair_time(owner.pk, 60.0)

    assert save_repair.is_repair_due(owner.pk)
