"""Thresholds: the spec's defaults, all or nothing, with a history, in force within seconds."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from featurememory.config import KEPT_S, config_of, forget_config, patch_config
from featurememory.errors import FeatureMemoryError
from featurememory.models import Activity, ConfigVersion, FeatureMemoryConfig, Project
from integration.admin.thresholds import threshold_fieldsets
from optimizations.engine.domain.settings import PolicySettings
from tests.builders import caller

pytestmark = pytest.mark.django_db


@pytest.fixture
def moment(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The clock of the cache, in seconds; tests turn it."""
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_the_defaults_are_those_of_the_spec(owner: Project) -> None:
    promised: dict[str, dict[str, Any]] = {
        "patterns": {
            "max_patterns": 1000,
            "confidence_threshold": 0.7,
            "cleanup_interval": 86_400,
            "embedder": "lexical",
        },
        "optimizations": {
            "max_optimizations": 500,
            "effectiveness_threshold": 0.5,
            "retention_period": 30,
            "cost_weight": 0.1,
            "duration_weight": 0.0,
            "holdout": 0.1,
            "exploration_budget": 0.1,
            "quality_margin": 0.05,
        },
        "storage": {"type": "persistent", "path": "", "max_size": 100 << 20},
    }
    found = owner.config.as_dict()  # plus what the features need
    assert {s: {n: found[s][n] for n in names} for s, names in promised.items()} == promised


@pytest.mark.parametrize("name", FeatureMemoryConfig.field_names())
def test_every_threshold_says_its_default_in_its_help(name: str) -> None:
    field: Any = FeatureMemoryConfig._meta.get_field(name)

    assert len(field.help_text) > 20
    assert "default" in field.help_text.lower() or name == "path"


def test_a_patch_changes_what_it_names_and_nothing_else(owner: Project) -> None:
    before = owner.config.as_dict()
    values: dict[str, Any] = {"patterns": {"max_patterns": 20}, "storage": {"path": "here"}}
    after = patch_config(owner.pk, values, "me").as_dict()

    assert (after["patterns"]["max_patterns"], after["storage"]["path"]) == (20, "here")
    before["patterns"]["max_patterns"], before["storage"]["path"] = 20, "here"
    assert after == before


def test_a_whole_number_will_do_for_a_share(owner: Project) -> None:
    patch_config(owner.pk, {"patterns": {"confidence_threshold": 1}}, "me")

    assert config_of(owner.pk).confidence_threshold == 1.0


WRONG = [
    ("patterns", "max_patterns", 0),
    ("patterns", "max_patterns", 10**30),
    ("patterns", "max_patterns", 1.5),
    ("patterns", "max_patterns", True),
    ("patterns", "max_patterns", None),
    ("patterns", "confidence_threshold", 1.01),
    ("patterns", "confidence_threshold", "0.7"),
    ("patterns", "cleanup_interval", 59),
    ("patterns", "embedder", "magic"),
    ("patterns", "nonsense", 1),
    ("patterns", "max_size", 1 << 30),
    ("nonsense", "max_patterns", 1),
    ("optimizations", "holdout", 0),
    ("optimizations", "retention_period", 0),
    ("storage", "type", "tape"),
    ("storage", "type", "memory"),
    ("storage", "path", "a\x00b"),
    ("storage", "path", "x" * 401),
    ("storage", "max_size", -1),
    ("patterns", "confidence_threshold", -(10**400)),
]


@pytest.mark.parametrize(("section", "name", "value"), WRONG)
def test_a_value_that_makes_no_sense_is_refused_with_its_pointer(
    owner: Project, section: str, name: str, value: Any
) -> None:
    response = caller(owner).patch("config/", {section: {name: value}})

    assert response.status_code == 422
    assert response.json()["code"] == "CONFIGURATION_INVALID"
    assert response.json()["errors"][0]["pointer"] == f"/{section}/{name}"


def test_all_or_nothing_and_every_wrong_field_is_named(owner: Project) -> None:
    before = owner.config.as_dict()
    values = {
        "patterns": {"max_patterns": 5, "confidence_threshold": 7},
        "storage": {"max_size": 1},
    }
    with pytest.raises(FeatureMemoryError) as refused:
        patch_config(owner.pk, values, "me")

    pointers = {error["pointer"] for error in refused.value.details["errors"]}
    assert pointers == {"/patterns/confidence_threshold", "/storage/max_size"}
    assert FeatureMemoryConfig.objects.get(project=owner).as_dict() == before
    assert not ConfigVersion.objects.filter(project=owner).exists()


def test_fields_are_checked_against_each_other(owner: Project) -> None:
    values = {"optimizations": {"holdout": 0.5, "exploration_budget": 0.5}}
    with pytest.raises(FeatureMemoryError, match="exceed"):
        patch_config(owner.pk, values, "me")


def test_every_change_has_a_version_with_before_after_and_who(owner: Project) -> None:
    patch_config(owner.pk, {"patterns": {"max_patterns": 20}}, "ana")
    patch_config(owner.pk, {"patterns": {"max_patterns": 30}}, "tom")

    second, first = ConfigVersion.objects.filter(project=owner).order_by("-number")
    assert (first.changes, first.actor) == ({"max_patterns": [1000, 20]}, "ana")
    assert (second.changes, second.actor) == ({"max_patterns": [20, 30]}, "tom")
    assert second.number == first.number + 1 == owner.config.version
    told = Activity.objects.filter(project=owner).values_list("summary", flat=True)
    assert list(told) == ["Set max patterns from 20 to 30", "Set max patterns from 1000 to 20"]


def test_setting_what_is_set_already_is_no_change(owner: Project) -> None:
    patch_config(owner.pk, {"patterns": {"max_patterns": 1000}}, "me")

    assert not ConfigVersion.objects.filter(project=owner).exists()
    assert owner.config.version == 1


def test_here_a_change_is_in_force_at_once(
    owner: Project, django_capture_on_commit_callbacks: Any
) -> None:
    assert config_of(owner.pk).max_patterns == 1000
    with django_capture_on_commit_callbacks(execute=True):
        patch_config(owner.pk, {"patterns": {"max_patterns": 20}}, "me")

    assert config_of(owner.pk).max_patterns == 20


def test_elsewhere_a_change_is_in_force_within_five_seconds(
    owner: Project, moment: list[float]
) -> None:
    assert config_of(owner.pk).max_patterns == 1000
    FeatureMemoryConfig.objects.filter(project=owner).update(max_patterns=20)
    assert config_of(owner.pk).max_patterns == 1000  # kept: no query for every question

    moment[0] += KEPT_S
    assert KEPT_S <= 5
    assert config_of(owner.pk).max_patterns == 20


def test_the_kept_thresholds_are_bounded_and_can_be_forgotten(
    owner: Project, django_assert_num_queries: Any
) -> None:
    config_of(owner.pk)
    with django_assert_num_queries(0):
        config_of(owner.pk)

    forget_config()
    with django_assert_num_queries(1):
        config_of(owner.pk)


def test_over_http_the_thresholds_are_read_and_patched(owner: Project) -> None:
    api = caller(owner)
    response = api.patch("config/", {"patterns": {"confidence_threshold": 0.8}})

    assert response.json()["patterns"]["confidence_threshold"] == 0.8
    assert api.get("config/").json() == response.json()


@pytest.mark.parametrize("body", [[], "x", {"patterns": 7}, {"patterns": {"max_patterns": []}}])
def test_a_patch_of_another_shape_is_refused(owner: Project, body: Any) -> None:
    assert caller(owner).patch("config/", body).status_code == 422


def test_a_lone_surrogate_is_refused_and_not_stored(owner: Project) -> None:
    raw = json.dumps({"storage": {"path": "\ud800"}}).encode()

    assert caller(owner).patch("config/", raw).status_code in (400, 422)


def test_every_threshold_has_its_place_in_the_admin_form_once() -> None:
    shown = [name for _, part in threshold_fieldsets() for name in part["fields"]]

    assert sorted(shown) == sorted(FeatureMemoryConfig.field_names())


def test_every_threshold_of_optimizations_reaches_the_policy() -> None:
    names = FeatureMemoryConfig.SECTIONS["optimizations"]

    assert set(names) <= set(PolicySettings.__struct_fields__)
    assert set(FeatureMemoryConfig().values_for(PolicySettings.__struct_fields__)) == set(names)


@pytest.mark.parametrize("values", [{"paterns": {}}, {"paterns": {"x": 1}}, {"patterns": {"x": 1}}])
def test_a_section_or_setting_that_does_not_exist_is_named(owner: Project, values: Any) -> None:
    answer = caller(owner).patch("config/", values)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == "unknown"
