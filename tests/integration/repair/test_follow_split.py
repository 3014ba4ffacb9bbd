"""What is stored follows a split: few interactions at once, many by a job."""

from __future__ import annotations

import pytest

from featurememory.models import Project
from integration.jobs import queue
from integration.repair.follow_split import STEP, follow_at_once
from patterns.curation.undo import undo_or_restore
from patterns.models import ModelInteraction, Pattern
from tests.builders import caller, check_counts, keep, learn_all, uses_and_recount
from tests.patterns.curation.test_example_split import ANN, letter, split

pytestmark = pytest.mark.django_db


def learned_letters(owner: Project, count: int) -> Pattern:
    keep(owner, [letter(number) for number in range(count)])
    learn_all(owner)
    (row,) = Pattern.objects.stored().filter(project=owner)
    return row


def test_the_interactions_alike_move_with_all_counts(owner: Project) -> None:
    whole = learned_letters(owner, 60)
    _, part = split(owner, whole, ANN)

    assert follow_at_once(owner, str(whole.pk), [part]) == 10
    assert uses_and_recount(owner)[0] == {str(whole.pk): 50, part: 10}
    check_counts(owner, 60)


def test_many_of_them_move_by_a_job_that_says_how_many(owner: Project) -> None:
    whole = learned_letters(owner, STEP + 40)
    _, part = split(owner, whole, ANN)
    assert follow_at_once(owner, str(whole.pk), [part]) is None
    params = {"whole": str(whole.pk), "parts": [part]}
    job = queue.start_job(owner, "follow_split", "ana", params)
    queue.run_queued_jobs()
    job.refresh_from_db()

    assert (job.state, job.done, job.total) == ("done", STEP + 40, STEP + 40)
    assert "40 of 240 interactions moved" in str(job.log)
    assert uses_and_recount(owner)[0] == {str(whole.pk): 200, part: 40}


def test_undone_afterwards_all_are_counted_for_the_whole_again(owner: Project) -> None:
    whole = learned_letters(owner, 60)
    done, part = split(owner, whole, ANN)
    follow_at_once(owner, str(whole.pk), [part])
    undo_or_restore(owner, "ana", done.pk)

    assert uses_and_recount(owner)[0] == {str(whole.pk): 60}
    assert ModelInteraction.objects.filter(pattern_id=part).count() == 10
    check_counts(owner, 60)


def test_such_a_job_starts_with_a_split_only(owner: Project) -> None:
    assert caller(owner, "ad").post("jobs/", {"kind": "follow_split"}).status_code == 422
