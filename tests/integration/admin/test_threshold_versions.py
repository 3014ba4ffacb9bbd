"""Going back to a version of the thresholds: all of them, as a new version, and never beyond one's role."""

from __future__ import annotations

from typing import Any

import pytest

from featurememory.access.roles import ADMIN, EDITOR
from featurememory.config import patch_config
from featurememory.errors import ErrorCode, FeatureMemoryError
from featurememory.models import ConfigVersion, FeatureMemoryConfig, Project
from integration.admin.threshold_versions import find_way_back, go_back
from tests.builders import project

pytestmark = pytest.mark.django_db


@pytest.fixture
def changed() -> Project:
    """Three versions after the first: 20, 30 with another holdout, 40."""
    owner = project("mine")
    changes: tuple[dict[str, dict[str, Any]], ...] = (
        {"patterns": {"max_patterns": 20}},
        {"patterns": {"max_patterns": 30}, "optimizations": {"holdout": 0.2}},
        {"patterns": {"max_patterns": 40}},
    )
    for change in changes:
        patch_config(owner.pk, change, "tom")
    return owner


def config(owner: Project) -> FeatureMemoryConfig:
    return FeatureMemoryConfig.objects.get(project=owner)


@pytest.mark.parametrize(
    ("number", "changes"),
    [
        (4, {}),
        (3, {"max_patterns": [40, 30]}),
        (2, {"max_patterns": [40, 20], "holdout": [0.2, 0.1]}),
        (1, {"max_patterns": [40, 1000], "holdout": [0.2, 0.1]}),
    ],
)
def test_all_that_came_later_is_taken_back(
    changed: Project, number: int, changes: dict[str, Any]
) -> None:
    assert find_way_back(config(changed), number) == changes

    assert go_back(changed, number, "eva", EDITOR) == changes
    now = config(changed)
    assert {name: getattr(now, name) for name in changes} == {
        name: then for name, (_, then) in changes.items()
    }
    assert now.version == (5 if changes else 4)


def test_going_back_is_a_version_that_can_be_taken_back(changed: Project) -> None:
    go_back(changed, 2, "eva", EDITOR)
    assert ConfigVersion.objects.get(number=5).reason == "Back to version 2"
    go_back(changed, 4, "eva", EDITOR)

    assert (config(changed).max_patterns, config(changed).holdout) == (40, 0.2)


@pytest.mark.parametrize("number", [0, 5, 10**12])
def test_a_version_that_never_was_is_not_found(changed: Project, number: int) -> None:
    with pytest.raises(FeatureMemoryError) as raised:
        go_back(changed, number, "eva", ADMIN)
    assert raised.value.code == ErrorCode.NOT_FOUND


def test_values_that_no_longer_fit_are_not_restored(changed: Project) -> None:
    ConfigVersion.objects.filter(number=4).update(changes={"max_patterns": [0, 40]})

    with pytest.raises(FeatureMemoryError, match="Nothing was changed"):
        go_back(changed, 3, "eva", EDITOR)
    assert config(changed).version == 4


def test_what_is_stored_of_people_is_restored_by_admins_only(changed: Project) -> None:
    patch_config(changed.pk, {"privacy": {"redact": True}}, "tom")

    with pytest.raises(FeatureMemoryError, match="an admin of the project"):
        go_back(changed, 4, "eva", EDITOR)
    assert config(changed).redact
    go_back(changed, 4, "ada", ADMIN)
    assert not config(changed).redact
