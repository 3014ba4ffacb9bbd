"""Blocks of tags: made of what has settled, never lacking a tag, gone with what they describe."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from featurememory.models import Project
from integration.erasure.erase_rows import erase_interactions
from integration.tasks import index_tags
from patterns.models import ModelInteraction, Payload, TagBlock
from patterns.retention.delete_interactions import forget_interactions
from patterns.storage import tag_blocks
from tests.builders import item, keep, learn_all, project

pytestmark = pytest.mark.django_db
BLOCK = 4


@pytest.fixture
def owner(monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setattr(tag_blocks, "BLOCK", BLOCK)
    monkeypatch.setattr(tag_blocks, "SETTLED_MS", -60_000)
    return project("shop")


def store(owner: Project, tags: Sequence[Any], start: int = 0) -> list[int]:
    """Interactions with these tags, one each; their numbers."""
    keep(owner, [item(start + n, tags=one or ...) for n, one in enumerate(tags)])
    rows = ModelInteraction.objects.filter(project=owner).order_by("-number")
    return sorted(rows.values_list("number", flat=True)[: len(tags)])


def make(owner: Project) -> int:
    return tag_blocks.make_blocks(owner.pk, time.monotonic() + 60)


def covered(owner: Project, numbers: Sequence[int], tag: str, start: int, backwards: bool) -> Any:
    """The numbers that a search would look at, in its order."""
    ranges = tag_blocks.find_ranges(owner.pk, [tag], start, backwards=backwards, most=1000)
    return [
        number
        for low, high in ranges
        for number in (numbers if backwards else numbers[::-1])
        if low <= number <= high
    ]


def test_whole_blocks_are_made_and_the_rest_waits(owner: Project) -> None:
    store(owner, [{"env": "prod"}] * (2 * BLOCK + 3))

    assert make(owner) == 2
    assert make(owner) == 0
    store(owner, [{"env": "prod"}], start=50)
    assert make(owner) == 1


def test_what_has_just_come_in_is_left_to_settle(
    owner: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tag_blocks, "SETTLED_MS", 60_000)
    store(owner, [{"env": "prod"}] * BLOCK)

    assert make(owner) == 0


def test_only_blocks_with_the_tag_and_what_no_block_covers_are_looked_at(owner: Project) -> None:
    plain: list[dict[str, Any]] = [{"env": "prod"}] * BLOCK
    rare = [*plain[:2], {"Kind": "Very Rare", "n": 7}, plain[0]]
    numbers = store(owner, [*plain, *rare, *plain])
    make(owner)
    numbers += store(owner, plain[:1], start=90)
    second, newest = numbers[BLOCK : 2 * BLOCK], numbers[-1]

    for tag in ("Kind", "Kind=very rare", "n=7"):
        assert covered(owner, numbers, tag, newest + 1, False) == [newest, *second[::-1]]
    assert covered(owner, numbers, "Kind", 0, True) == [*second, newest]
    assert covered(owner, numbers, "kind", newest, False) == []
    assert covered(owner, numbers, "env", newest + 1, False) == numbers[::-1]


@pytest.mark.parametrize("seed", range(5))
def test_no_interaction_with_the_tag_is_passed_over(owner: Project, seed: int) -> None:
    dice = random.Random(seed)
    tags = [{"x": "1"} if dice.random() < 0.1 else {"y": "2"} for _ in range(61)]
    numbers = store(owner, tags)
    make(owner)
    blocks = list(TagBlock.objects.values_list("pk", flat=True))
    TagBlock.objects.filter(pk__in=dice.sample(blocks, 4)).delete()
    held = [number for number, one in zip(numbers, tags, strict=True) if "x" in one]

    for start in dice.sample(numbers, 12):
        older = covered(owner, numbers, "x", start, False)
        newer = covered(owner, numbers, "x", start, True)
        assert older == sorted(set(older), reverse=True)
        assert newer == sorted(set(newer))
        assert {number for number in held if number < start} <= set(older) < set(numbers)
        assert {number for number in held if number > start} <= set(newer)
        assert max(older, default=0) < start < min(newer, default=start + 1)


def test_damaged_and_odd_payloads_have_no_tags(owner: Project) -> None:
    numbers = store(owner, [{"env": "prod"}, None, {"env": "prod"}, {"list": [1, {"a": "B"}]}])
    Payload.objects.filter(pk=numbers[0]).update(data=b"\x00broken")
    Payload.objects.filter(pk=numbers[2]).delete()

    assert make(owner) == 1
    assert covered(owner, numbers, "env", numbers[-1] + 1, False) == []
    assert covered(owner, numbers, 'list=[1,{"a":"b"}]', numbers[-1] + 1, False) == numbers[::-1]


def test_projects_have_digests_of_their_own(owner: Project) -> None:
    assert tag_blocks.digest_tag(owner.pk, "a") != tag_blocks.digest_tag(UUID(int=1), "a")


def test_what_is_erased_is_in_no_block(owner: Project) -> None:
    numbers = store(owner, [{"who": "eva"}, {"who": "ada"}, {"env": "prod"}, {"env": "prod"}])
    make(owner)

    erase_interactions(owner, [numbers[0]], ["i-0"])

    digests = bytes(TagBlock.objects.get().digests)
    assert tag_blocks.digest_tag(owner.pk, "who=eva") not in digests
    assert tag_blocks.digest_tag(owner.pk, "who=ada") in digests


def test_where_the_contents_are_gone_nothing_is_looked_at(owner: Project) -> None:
    numbers = store(owner, [{"env": "prod"}] * 2 * BLOCK)
    make(owner)

    tag_blocks.empty_blocks(owner.pk, numbers[BLOCK])

    assert covered(owner, numbers, "env", numbers[-1] + 1, False) == numbers[:3:-1]


def test_blocks_go_with_their_interactions(owner: Project) -> None:
    store(owner, [{"env": "prod"}] * 9 * BLOCK)
    learn_all(owner)
    make(owner)

    forget_interactions(owner, 5 * BLOCK)

    oldest = ModelInteraction.objects.filter(project=owner).order_by("-number")[0].number
    assert not TagBlock.objects.filter(last__lte=oldest - 5 * BLOCK).exists()


def test_the_background_makes_them_for_every_project(owner: Project) -> None:
    other = project("other")
    store(owner, [{"env": "prod"}] * BLOCK)
    store(other, [{"env": "prod"}] * BLOCK)

    assert index_tags() == 2
    assert set(TagBlock.objects.values_list("project", flat=True)) == {owner.pk, other.pk}
