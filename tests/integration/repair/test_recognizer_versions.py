"""Another version of the recogniser: built beside the one in use, compared, switched, reverted."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from featurememory.models import Activity, Project
from integration.jobs import queue
from integration.models import Job, PreviousRecognizer
from integration.repair import recognizer_versions
from patterns.curation import editing
from patterns.engine.domain.results import Consolidation
from patterns.engine.recognizer import DefaultPatternRecognizer, version_of
from patterns.engine.settings import RecognizerSettings
from patterns.models import Learner, ModelInteraction, Pattern
from patterns.recognition.recognizer_cache import load_recognizer, recognizers
from tests.builders import (
    caller,
    check_counts,
    item,
    keep,
    learn_all,
    pattern_row,
    project,
    uses_and_recount,
)
from tests.integration.repair.test_background_repair import in_use, learn_some
from tests.patterns.engine.streams import WORDS, mixed

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> Project:
    made = project()
    learn_some(made, *range(60))
    return made


@pytest.fixture
def newer(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(DefaultPatternRecognizer, "VERSION", "99")
    recognizers.drop()
    return "99"


def worked(owner: Project, kind: str = "reprocess", **params: Any) -> Job:
    job = queue.start_job(owner, kind, "a person", params)
    queue.run_queued_jobs()
    job.refresh_from_db()
    return job


def counted(owner: Project, total: int) -> None:
    stated, found = uses_and_recount(owner)
    assert stated == found
    assert sum(found.values()) == total


def lines(job: Job) -> str:
    return "\n".join(text for _, text in job.log)


def in_force(owner: Project) -> str:
    return str(Learner.objects.get(pk=owner.pk).recognizer["version"])


def test_patterns_and_interactions_say_which_version_recognised_them(owner: Project) -> None:
    version = DefaultPatternRecognizer.VERSION
    found = ModelInteraction.objects.filter(project=owner).values_list("recognizer_version")
    assert set(found) == {(version,)}
    assert {row.recognizer_version for row in in_use(owner)} == {version}
    shown = caller(owner).get("interactions/i-3/").json()
    assert shown["recognizer_version"] == version


def test_the_one_in_use_goes_on_until_its_successor_is_built(owner: Project, newer: str) -> None:
    before = {row.pk for row in in_use(owner)}
    learn_some(owner, 60, 61)

    assert {row.pk for row in in_use(owner)} == before
    assert ModelInteraction.objects.get(project=owner, id="i-61").recognizer_version != newer
    assert recognizer_versions.find_wanted_version(owner.pk) == newer


def test_the_job_compares_switches_and_keeps_every_count(owner: Project, newer: str) -> None:
    named = in_use(owner)[0]
    editing.edit_pattern(owner, named, "a person", label="Mine")
    job = worked(owner)

    assert job.state == "done"
    assert "keeps answering" in lines(job)
    assert "of 60 sampled interactions" in lines(job)
    assert "to 99" in lines(job)
    assert in_force(owner) == newer
    assert Pattern.objects.filter(project=owner, label="Mine").exists()
    assert {row.recognizer_version for row in in_use(owner)} == {newer}
    check_counts(owner, 60)
    learn_some(owner, 70)
    assert ModelInteraction.objects.get(project=owner, id="i-70").recognizer_version == newer
    assert Activity.objects.filter(project=owner, verb="switch").count() == 1


def test_a_revert_brings_patterns_ids_and_counts_back(owner: Project, newer: str) -> None:
    some = [one for one in mixed(300, 3) if isinstance(one.input, str)]
    keep(owner, [item(n, id=f"m{n}", input=one.input) for n, one in enumerate(some)])
    learn_all(owner)
    before, total = uses_and_recount(owner), 60 + len(some)
    ids = {row.pk for row in in_use(owner)}
    old = load_recognizer(owner.pk).recognizer.version
    worked(owner)
    assert not ids <= {row.pk for row in in_use(owner)}
    counted(owner, total)
    learn_some(owner, *range(60, 66))
    job = worked(owner, "revert")

    assert f" to {old}" in lines(job)
    assert in_force(owner) == old
    assert {row.pk for row in in_use(owner)} >= ids
    counted(owner, total + 6)
    counts = uses_and_recount(owner)[0]
    assert sum(counts[name] >= n for name, n in before[0].items()) > 0.9 * len(before[0])
    assert not PreviousRecognizer.objects.exists()
    learn_some(owner, 80)
    counted(owner, total + 7)


def test_what_is_merged_away_is_collected_in_a_few_queries(owner: Project) -> None:
    target = pattern_row(owner, 0)
    rows = [pattern_row(owner, n, use_count=n) for n in range(1, 9)]
    child = pattern_row(owner, 20, redirect_to=rows[0].pk, status="archived")
    done = Consolidation((), {str(row.pk): str(target.pk) for row in rows}, {}, True)
    with CaptureQueriesContext(connection) as queries:
        found = recognizer_versions.collect_merged_away(owner, done)

    assert found[str(rows[0].pk)] == [str(target.pk), 1, [str(child.pk)]]
    assert found[str(rows[7].pk)] == [str(target.pk), 8, []]
    assert len(queries) == 2


def test_what_was_reverted_does_not_begin_again_by_itself(owner: Project, newer: str) -> None:
    assert queue.start_upgrades() == 1
    queue.run_queued_jobs()
    assert in_force(owner) == newer
    worked(owner, "revert")

    assert queue.start_upgrades() == 0
    worked(owner)
    assert in_force(owner) == newer


def test_without_a_switch_there_is_nothing_to_revert(owner: Project) -> None:
    job = worked(owner, "revert")

    assert job.state == "failed"
    assert "no previous recogniser to revert to" in lines(job)


def test_a_crash_in_the_switch_leaves_the_one_in_use(
    owner: Project, newer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = uses_and_recount(owner)
    with monkeypatch.context() as broken:
        broken.setattr(recognizer_versions, "collect_merged_away", None)
        assert worked(owner).state == "failed"

    assert in_force(owner) != newer
    assert uses_and_recount(owner) == before
    assert not PreviousRecognizer.objects.exists()


def test_another_embedder_takes_effect_with_the_switch(
    owner: Project, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.EMBEDDER_HOSTS = ["127.0.0.1"]
    asked = RecognizerSettings(embedder="endpoint", embedder_url="http://127.0.0.1:9")
    asked = RecognizerSettings(**{**_fields(asked), "embedder_model": "small"})
    monkeypatch.setattr("patterns.recognition.recognizer_cache.read_settings", lambda _: asked)
    monkeypatch.setattr(recognizer_versions, "read_settings", lambda _: asked)
    assert recognizers.for_learning(owner.pk).recognizer.memory.embedder is None

    worked(owner)
    assert in_force(owner) == version_of(asked)
    assert len(version_of(asked)) <= 20
    assert recognizers.for_learning(owner.pk).recognizer.memory.embedder is not None
    check_counts(owner, 60)


def _fields(settings: RecognizerSettings) -> dict[str, Any]:
    return {name: getattr(settings, name) for name in settings.__struct_fields__}


@pytest.mark.parametrize("snapshot", [b"", b"\xc1", b"\x91\xa1x", b"\x98" + b"\xc0" * 8])
def test_a_snapshot_of_an_unknown_version_stops_nothing(owner: Project, snapshot: bytes) -> None:
    Learner.objects.filter(pk=owner.pk).update(snapshot=snapshot, recognizer={"version": "0"})
    recognizers.drop()
    keep(owner, [item(99, input={"city": WORDS[0]}, task_type="j")])
    learn_all(owner)

    check_counts(owner, 61)
