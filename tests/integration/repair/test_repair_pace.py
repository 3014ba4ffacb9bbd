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
    assert owner.pk in save_repair.find_due()

    save_repair.record_repair_time(owner.pk, 60.0)
    assert owner.pk not in save_repair.find_due()


def test_the_pause_after_a_long_repair_ends() -> None:
    owner = project()
    ago = timezone.now() - timedelta(minutes=21)
    Learner.objects.create(pk=owner.pk, learned_since=1000, consolidated_at=ago)
    save_repair.record_repair_time(owner.pk, 60.0)

    assert owner.pk in save_repair.find_due()


@pytest.mark.parametrize(
    ("repairs", "learned", "created", "due"),
    [
        (1, 20, 2, True),
        (1, 19, 19, False),
        (1, 100, 9, False),
        (2, 60, 6, True),
        (2, 59, 59, False),
        (3, 200, 150, True),
        (4, 499, 499, False),
        (0, 20, 20, True),
    ],
)
def test_a_young_project_that_founds_many_patterns_is_repaired_early(
    repairs: int, learned: int, created: int, due: bool
) -> None:
    owner = project()
    ago = timezone.now() - timedelta(seconds=15)
    Learner.objects.create(
        pk=owner.pk,
        consolidated_at=ago,
        learned_since=learned,
        created_since=created,
        repairs=repairs,
    )

    assert (owner.pk in save_repair.find_due()) is due


def test_those_that_wait_longest_come_first() -> None:
    owners = [project() for _ in range(3)]
    for owner, hours in zip(owners, (1, 3, 2), strict=True):
        ago = timezone.now() - timedelta(hours=hours)
        Learner.objects.create(pk=owner.pk, learned_since=600, consolidated_at=ago)
    Learner.objects.create(pk=(new := project()).pk, learned_since=10)

    expected = [new.pk, owners[1].pk, owners[2].pk, owners[0].pk]
    assert save_repair.find_due() == expected
