"""Interactions move with everything that is counted of them."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from featurememory.models import Project
from patterns.curation.moving import move_interactions
from patterns.models import Learner, ModelInteraction
from tests.builders import learned, rebuilt_figures, rollup_figures, uses_and_recount

pytestmark = pytest.mark.django_db


def test_feedback_waits_before_anything_is_read_for_a_move(owner: Project) -> None:
    _, second = learned(owner, 8, tasks=2)
    with transaction.atomic(), CaptureQueriesContext(connection) as queries:
        move_interactions(owner, {"i-0": str(second.pk)})
    read = [query["sql"] for query in queries if query["sql"].startswith("SELECT")]

    assert Learner._meta.db_table in read[0]
    assert ModelInteraction._meta.db_table in read[1]
    assert uses_and_recount(owner)[0] == uses_and_recount(owner)[1]
    assert rollup_figures(owner) == rebuilt_figures(owner)
