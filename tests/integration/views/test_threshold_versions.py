"""Versions of the thresholds as pages: diffs, a look before restoring, one Undo, nothing for viewers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client, override_settings

from featurememory.config import patch_config
from featurememory.models import FeatureMemoryConfig, Project
from integration.views import threshold_versions
from tests.web import HTMX, PLAIN_STATIC, browser, person, text_of

pytestmark = pytest.mark.django_db
PAGE = "/thresholds/versions/"


@pytest.fixture(autouse=True)
def _static() -> Iterator[None]:
    with override_settings(STORAGES=PLAIN_STATIC):
        yield


@pytest.fixture
def editor() -> Client:
    return browser(person("eva", may_change=True))


@pytest.fixture
def changed(owner: Project) -> Project:
    patch_config(owner.pk, {"patterns": {"confidence_threshold": 0.8}}, "tom")
    patch_config(owner.pk, {"storage": {"max_size": 2 << 30}, "privacy": {"redact": True}}, "ann")
    return owner


def config(owner: Project) -> FeatureMemoryConfig:
    return FeatureMemoryConfig.objects.get(project=owner)


def test_each_version_says_in_units_what_it_changed_and_who_did_it(
    editor: Client, changed: Project
) -> None:
    shown = text_of(editor.get(PAGE))

    assert "<del>100 MiB</del> <ins>2 GiB</ins>" in shown
    assert "<del>off</del> <ins>on</ins>" in shown
    assert "<del>0.7</del> <ins>0.8</ins>" in shown
    assert shown.index("ann") < shown.index("tom")
    assert "in force" in shown
    assert f'href="{PAGE}1/restore/"' in shown


def test_many_versions_are_turned_over(
    editor: Client, changed: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threshold_versions, "SHOWN", 1)
    first = editor.get(PAGE)
    older = text_of(editor.get(PAGE, {"cursor": first.context["page"].next}))

    assert "As the project began" not in text_of(first)
    assert "<ins>0.8</ins>" in older
    assert "As the project began" in older


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_look_before_restoring_changes_nothing(
    editor: Client, changed: Project, headers: dict[str, str]
) -> None:
    patch_config(changed.pk, {"patterns": {"confidence_threshold": 0.9}}, "tom")
    asked = text_of(editor.get(f"{PAGE}3/restore/", headers=headers))

    assert "<del>0.9</del> <ins>0.8</ins>" in asked
    assert "Restore version 3" in asked
    assert config(changed).confidence_threshold == 0.9


def test_restored_with_one_undo(editor: Client, changed: Project) -> None:
    patch_config(changed.pk, {"patterns": {"confidence_threshold": 0.9}}, "tom")
    shown = text_of(editor.post(f"{PAGE}3/restore/", follow=True))

    assert config(changed).confidence_threshold == 0.8
    assert f'action="{PAGE}4/restore/"' in shown
    editor.post(f"{PAGE}4/restore/")
    assert config(changed).confidence_threshold == 0.9


def test_an_editor_is_told_what_only_an_admin_restores(editor: Client, changed: Project) -> None:
    asked = text_of(editor.get(f"{PAGE}2/restore/"))

    assert "an admin of the project does it" in asked
    assert '<button class="btn main" disabled>' in asked
    assert editor.post(f"{PAGE}2/restore/").status_code == 403
    assert config(changed).redact


def test_a_version_that_never_was_is_404(editor: Client, changed: Project) -> None:
    assert editor.get(f"{PAGE}99/restore/").status_code == 404
    assert editor.post(f"{PAGE}99/restore/").status_code == 404


def test_viewers_see_no_versions(changed: Project) -> None:
    viewer = browser(person("vera"))

    assert viewer.get(PAGE).status_code == 403
    assert viewer.post(f"{PAGE}1/restore/").status_code == 403
