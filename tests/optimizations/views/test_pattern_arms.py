"""One pattern with memory and in the holdout, side by side."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import override_settings

from optimizations.policy_runtime.policy_cache import policies
from optimizations.summaries.arms_of_pattern import compare_arms
from patterns.models import Pattern
from tests import builders, web
from tests.optimizations.builders import decide, report, routed, session_in
from tests.web import PLAIN_STATIC, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _static() -> Iterator[None]:
    with override_settings(STORAGES=PLAIN_STATIC):
        yield


def test_both_arms_are_measured_among_the_newest_calls() -> None:
    owner = builders.project()
    routed(owner)
    for number, arm in enumerate(("treatment", "treatment", "holdout")):
        made = decide(owner, task={"session_id": session_in(owner, arm)})
        report(owner, made, f"answer-{number}", score=0.9 if arm == "treatment" else 0.5)
    builders.learn_all(owner)
    (row,) = Pattern.objects.stored().filter(project=owner)
    memory, holdout = compare_arms(owner, [row.pk])

    assert (memory.calls, holdout.calls) == (2, 1)
    assert memory.quality == pytest.approx(0.9)
    assert holdout.quality == pytest.approx(0.5)


def test_without_held_out_calls_the_part_says_so() -> None:
    owner = builders.project()
    (row,) = builders.learned(owner, 5)
    browser = web.browser(web.person("vic"))

    assert "nothing to compare" in text_of(browser.get(f"/patterns/{row.pk}/arms/"))


def test_the_page_requests_the_arms_only_where_both_have_calls() -> None:
    owner = builders.project()
    made = routed(owner)
    builders.learned(owner, 5)
    (row,) = Pattern.objects.stored().filter(project=owner)
    browser = web.browser(web.person("vic"))
    before = text_of(browser.get(f"/patterns/{row.pk}/"))

    with policies.for_deciding(owner.pk).lock:
        known = policies.for_deciding(owner.pk).engine.optimizations[made.id]
        known.n_treated, known.n_control = 40, 4
    after = text_of(browser.get(f"/patterns/{row.pk}/"))

    part = f'hx-get="/patterns/{row.pk}/arms/"'
    assert part not in before
    assert "there is nothing to compare" in before
    assert part in after
