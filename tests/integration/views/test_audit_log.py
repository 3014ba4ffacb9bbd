"""The audit log as people read it."""

from __future__ import annotations

import pytest

from featurememory.audit.record import record
from featurememory.models import AuditEntry, Project
from integration.views.audit_log import describe_entry
from tests import builders
from tests.web import browser, person, text_of

pytestmark = pytest.mark.django_db


def entry_of(project: Project, action: str, **values: object) -> AuditEntry:
    record(project.pk, action, "confidence_threshold", **values)  # type: ignore[arg-type]
    found = AuditEntry.objects.filter(project=project, action=action).last()
    assert found
    return found


def test_an_entry_says_what_changed_in_words() -> None:
    project = Project.objects.create(name="words")
    line = describe_entry(
        entry_of(
            project,
            "threshold.changed",
            before={"confidence_threshold": 0.7, "why": {"a": 1}},
            after={"confidence_threshold": 0.75, "why": {"a": 2}},
        )
    )

    assert line.action == "Threshold changed"
    assert line.change == "confidence threshold: 0.7 → 0.75"


def test_a_value_that_came_or_went_stands_alone() -> None:
    project = Project.objects.create(name="came")
    after = {"name": "checkout", "pinned": True, "from": 1790760600067}
    line = describe_entry(entry_of(project, "key.created", after=after))

    assert line.change == "from: 30 Sep 2026, name: checkout, pinned: yes"


def test_the_page_shows_short_ids_and_the_whole_values_on_demand() -> None:
    project = builders.project()
    long = "01a0f493-d6c9-7320-823a-59611a2536ae"
    record(project.pk, "pattern.pruned", long, before={"status": {long: "validated"}})

    page = text_of(browser(person("ann", may_change=True)).get("/activity/audit/"))

    assert "Pattern pruned</b>" in page
    assert ">1a2536ae<" in page
    assert "Before and after" in page
