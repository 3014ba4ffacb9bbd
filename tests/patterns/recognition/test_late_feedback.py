"""Late feedback reaches the quality of patterns: once, whatever the order, also across merges."""

from __future__ import annotations

import pytest

from featurememory.models import Project
from integration.learning import learn_batch
from integration.learning.feedback import FeedbackIn, store_feedback
from patterns.curation import merging
from patterns.models import LateJudgement, ModelInteraction, Pattern, PatternHour
from patterns.recognition import late_feedback
from patterns.statistics.rollups import ALL_TIME
from tests.builders import items, keep, learned

pytestmark = pytest.mark.django_db


def word(owner: Project, name: str, score: float) -> None:
    store_feedback(owner, FeedbackIn(metric_name="score", value=score, interaction_id=name))


def effectiveness(owner: Project) -> float:
    return Pattern.objects.stored().get(project=owner).effectiveness or 0.0


def expected(owner: Project) -> float:
    """The mean quality in the rollups, shrunk by two imagined middling uses."""
    rows = PatternHour.objects.filter(project=owner, hour=ALL_TIME).exclude(pattern_id__isnull=True)
    named = [row for row in rows if row.pattern_id.int]
    total = sum(row.quality_sum for row in named) + 1.0
    return float(total / (sum(row.quality_count for row in named) + 2))


def test_effectiveness_follows_late_feedback_when_the_project_learns_next(owner: Project) -> None:
    learned(owner, 10)
    before = effectiveness(owner)
    word(owner, "i-0", 0.0)
    learn_batch.learn_next_batch(owner.pk)

    assert effectiveness(owner) < before
    assert effectiveness(owner) == pytest.approx(expected(owner))


def test_feedback_given_twice_counts_once(owner: Project) -> None:
    learned(owner, 10)
    word(owner, "i-0", 0.2)
    word(owner, "i-0", 0.2)
    learn_batch.learn_next_batch(owner.pk)
    learn_batch.learn_next_batch(owner.pk)

    assert effectiveness(owner) == pytest.approx(expected(owner))
    assert not LateJudgement.objects.exists()


def test_many_words_on_one_pattern_wait_in_one_row(owner: Project) -> None:
    learned(owner, 10)
    for number in range(10):
        word(owner, f"i-{number}", 0.5)

    assert LateJudgement.objects.filter(project=owner).count() == 1
    assert late_feedback.find_waiting_projects() == [owner.pk]


def test_a_word_on_a_use_nobody_had_judged_adds_a_judged_use(owner: Project) -> None:
    keep(owner, items(10, success=..., score=...))
    learn_batch.learn_next_batch(owner.pk)
    assert Pattern.objects.get(project=owner).effectiveness is None
    word(owner, "i-3", 1.0)
    learn_batch.learn_next_batch(owner.pk)

    assert effectiveness(owner) == pytest.approx(2 / 3)


def test_words_follow_a_pattern_that_was_merged_meanwhile(owner: Project) -> None:
    keep(owner, items(12, tasks=2))
    learn_batch.learn_next_batch(owner.pk)
    word(owner, "i-0", 0.0)
    word(owner, "i-1", 0.0)
    ids = [str(pk) for pk in Pattern.objects.filter(project=owner).values_list("pk", flat=True)]
    merging.merge_patterns(owner, ids, "ada")
    learn_batch.learn_next_batch(owner.pk)

    assert effectiveness(owner) == pytest.approx(expected(owner))


def test_feedback_on_an_interaction_that_is_still_pending_counts_once(owner: Project) -> None:
    keep(owner, items(5))
    word(owner, "i-0", 0.0)
    learn_batch.learn_next_batch(owner.pk)
    learn_batch.learn_next_batch(owner.pk)

    assert ModelInteraction.objects.filter(project=owner, state=1).count() == 5
    assert effectiveness(owner) == pytest.approx(expected(owner))
