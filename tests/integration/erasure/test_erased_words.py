"""Words that only erased texts had are no decision of people any more."""

from __future__ import annotations

import pytest

from featurememory.models import Project
from integration.repair.follow_split import follow_at_once
from integration.repair.save_repair import consolidate_project
from patterns.curation import rewording, splitting
from patterns.engine.rewording.wish import Rewording
from patterns.models import Pattern
from tests.builders import item, keep, learn_all
from tests.integration.erasure.test_erasure import erase, places, told

pytestmark = pytest.mark.django_db
NAMES = ("canarypath", "canarystays", "canaryids")


def test_a_word_that_was_made_a_slot(owner: Project) -> None:
    for name in NAMES[::2]:
        keep(owner, [told(name, number) for number in range(8)])
    learn_all(owner)
    consolidate_project(owner.pk)
    row = Pattern.objects.stored().get(project=owner, template__contains="canarypath")
    rewording.reword_pattern(owner, str(row.pk), "eva", Rewording("slot", "canarypath"))
    erase(owner, {"interaction_ids": [f"canarypath-{number}" for number in range(8)]})

    assert places("canarypath") == set()
    assert Pattern.objects.stored().filter(project=owner, template__contains="canaryids").exists()


@pytest.mark.parametrize("followed", [True, False])
@pytest.mark.parametrize("by_slot", [True, False])
def test_a_word_that_sets_the_part_of_a_split_apart(
    owner: Project, followed: bool, by_slot: bool
) -> None:
    texts = [f"Write a reply to customer {NAMES[n % 3]} about order {n * 37}." for n in range(45)]
    keep(owner, [item(n, id=f"l-{n}", task_type="t", input=text) for n, text in enumerate(texts)])
    learn_all(owner)
    (whole,) = Pattern.objects.stored().filter(project=owner)
    _, (_, *parts) = splitting.split_pattern(
        owner,
        str(whole.pk),
        "eva",
        slot="customer" if by_slot else None,
        example_ids=[] if by_slot else ["l-0", "l-3"],
    )
    assert Pattern.objects.filter(pk__in=parts, template__contains="canarypath").count() == 1
    if followed:
        follow_at_once(owner, str(whole.pk), parts)
    erase(owner, {"interaction_ids": [f"l-{n}" for n in range(0, 45, 3)]})

    assert places("canarypath") == set()
    assert places("canarystays")
