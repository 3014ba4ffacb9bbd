"""Thresholds in the admin: one row a project, validated, explained, with a history to go back to."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from featurememory.access.roles import EDITOR, grant_role
from featurememory.config import forget_config, patch_config
from featurememory.models import ConfigVersion, FeatureMemoryConfig, Project
from integration.admin import threshold_form
from integration.admin.threshold_effects import describe_effects
from integration.models import ApiKey
from integration.resources import ResourceManager
from tests.builders import caller, key_of, learned, pattern_row, project

pytestmark = pytest.mark.django_db
LIST = "/admin/featurememory/featurememoryconfig/"


@pytest.fixture
def owner() -> Project:
    owner = project("mine")
    owner.config.save()
    return owner


@pytest.fixture
def browser() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("ana"))
    return client


def form_of(owner: Project, **changes: Any) -> dict[str, Any]:
    values = FeatureMemoryConfig.objects.get(project=owner).as_dict()
    flat = {name: value for section in values.values() for name, value in section.items()}
    return {name: value for name, value in flat.items() if value is not None} | changes


def url_of(owner: Project) -> str:
    return f"{LIST}{owner.config.pk}/change/"


def test_the_list_leads_straight_to_the_form_of_the_project_in_the_navigation(
    browser: Client, owner: Project
) -> None:
    assert browser.get(LIST)["Location"] == url_of(owner)

    other = project("other")
    other.config.save()
    assert browser.get(LIST)["Location"] == url_of(owner)
    browser.get("/?project=other")
    assert browser.get(LIST)["Location"] == url_of(other)


def test_thresholds_of_all_projects_are_listed_when_asked_for(
    browser: Client, owner: Project
) -> None:
    project("other").config.save()
    shown = browser.get(f"{LIST}?all=1")

    assert shown.status_code == 200
    assert "Thresholds of other" in shown.content.decode()


def test_the_form_shows_every_threshold_with_its_help(browser: Client, owner: Project) -> None:
    page = browser.get(url_of(owner)).content.decode()

    for name in FeatureMemoryConfig.field_names():
        assert f'name="{name}"' in page or f"field-{name}" in page, name
    assert "Now 0 are stored." in page


def test_saving_writes_a_version_with_who_and_why(browser: Client, owner: Project) -> None:
    changes = form_of(owner, confidence_threshold="0.8", reason="too many candidates")
    response = browser.post(url_of(owner), changes, follow=True)

    assert "Every process follows within 5 seconds" in response.content.decode()
    version = ConfigVersion.objects.get(project=owner)
    assert version.changes == {"confidence_threshold": [0.7, 0.8]}
    assert (version.actor, version.reason) == ("ana", "too many candidates")


@pytest.mark.parametrize(
    "changes",
    [
        {"confidence_threshold": "1.5"},
        {"cleanup_interval": "5"},
        {"holdout": "0.5", "exploration_budget": "0.5"},
    ],
)
def test_what_makes_no_sense_is_told_at_its_field_and_nothing_is_saved(
    browser: Client, owner: Project, changes: dict[str, str]
) -> None:
    response = browser.post(url_of(owner), form_of(owner, **changes))

    assert response.status_code == 200
    assert "errorlist" in response.content.decode()
    assert not ConfigVersion.objects.exists()


def test_the_history_is_the_list_of_versions_of_that_project(
    browser: Client, owner: Project
) -> None:
    page = browser.get(url_of(owner).replace("change/", "history/"))

    assert page["Location"] == "/thresholds/versions/?project=mine"


def test_thresholds_are_neither_added_nor_deleted(browser: Client, owner: Project) -> None:
    assert browser.get(f"{LIST}add/").status_code == 403
    assert browser.post(f"{LIST}{owner.config.pk}/delete/").status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        "featurememory/configversion",
        "featurememory/activity",
        "featurememory/project",
        "patterns/pattern",
        "patterns/operation",
        "integration/apikey",
    ],
)
def test_every_list_of_the_admin_opens(browser: Client, owner: Project, path: str) -> None:
    pattern_row(owner)
    key_of(owner)
    patch_config(owner.pk, {"patterns": {"max_patterns": 20}}, "tom")

    assert browser.get(f"/admin/{path}/").status_code == 200


def test_keys_are_revoked_and_their_digest_is_not_shown(browser: Client, owner: Project) -> None:
    api = caller(owner)
    key = ApiKey.objects.get(project=owner)
    page = browser.get(f"/admin/integration/apikey/{key.pk}/change/").content.decode()
    assert key.digest not in page

    action = {"action": "revoke", "_selected_action": [key.pk]}
    browser.post("/admin/integration/apikey/", action)
    key.refresh_from_db()
    assert key.revoked_at is not None
    assert api.get("patterns/").status_code == 401


def test_a_viewer_changes_nothing(owner: Project) -> None:
    client = Client()
    client.force_login(User.objects.create_user("viewer", is_staff=True))

    assert client.post(url_of(owner), form_of(owner, max_patterns="5")).status_code == 403
    assert owner.config.max_patterns == 1000


def test_the_help_says_what_the_values_mean_right_now(owner: Project) -> None:
    for number, confidence in enumerate((0.6, 0.72, 0.9)):
        pattern_row(owner, number, confidence=confidence)

    effects = describe_effects(owner.config)
    told = effects["confidence_threshold"]
    assert told.startswith("Now 2 of 3 patterns pass; at 0.75 it would be 1.<svg")
    assert effects["max_patterns"] == "Now 3 are stored."


def test_the_help_of_the_size_says_what_the_next_cleanup_takes(owner: Project) -> None:
    learned(owner, 20)
    FeatureMemoryConfig.objects.update_or_create(project=owner, defaults={"max_interactions": 10})
    forget_config()
    ResourceManager().sample()

    help_text = describe_effects(owner.config)["max_size"]
    assert "The next cleanup removes: count 10 (about" in help_text


def test_own_expressions_are_shown_on_stored_texts_before_they_are_saved(
    browser: Client, owner: Project
) -> None:
    learned(owner, 3)
    url, changes = url_of(owner), {"patterns": "order = order [0-9]{4}\n"}

    page = browser.post(url, form_of(owner, **changes))
    text = page.content.decode()
    assert "in 3 of 3 stored interactions" in text
    assert "Where is my ⟦order⟧?" in text
    assert FeatureMemoryConfig.objects.get(project=owner).patterns == []

    tried = page.context["adminform"].form.data["tried"]
    browser.post(url, form_of(owner, **changes, tried=tried))
    rows = FeatureMemoryConfig.objects.get(project=owner).patterns
    assert rows == [{"name": "order", "expression": "order [0-9]{4}"}]
    assert "order = order [0-9]{4}" in browser.get(url).content.decode()


@pytest.mark.parametrize("lines", ["customer KD", "customer = KD.*", "= KD"])
def test_an_expression_that_cannot_be_used_is_told_in_the_form(
    browser: Client, owner: Project, lines: str
) -> None:
    page = browser.post(url_of(owner), form_of(owner, patterns=lines))

    assert page.status_code == 200
    assert page.context["adminform"].form.errors["patterns"]


def test_an_editor_sees_what_is_redacted_and_cannot_change_it(owner: Project) -> None:
    client, person = Client(), User.objects.create_user("ed")
    grant_role(person, owner, EDITOR, "test")
    client.force_login(person)

    client.post(url_of(owner), form_of(owner, redact="on", max_patterns=77))
    config = FeatureMemoryConfig.objects.get(project=owner)
    assert (config.redact, config.max_patterns) == (False, 77)


# --- units, preview, frame -------------------------------------------------------------------------


def test_sizes_and_times_are_shown_and_taken_in_units(browser: Client, owner: Project) -> None:
    page = browser.get(url_of(owner)).content.decode()
    assert 'value="100 MiB"' in page
    assert 'value="1 d"' in page
    assert re.search(r'<input type="text" name="max_size"', page)

    assert 'value="30 d"' in page
    assert "Days, such as 90 d or 13 w: 1 to 3,650" in page

    form = form_of(owner, max_size="2 GiB", cleanup_interval="90 min", retention_period="13 w")
    assert browser.post(url_of(owner), form).status_code == 302
    saved = FeatureMemoryConfig.objects.get(project=owner)
    assert (saved.max_size, saved.cleanup_interval, saved.retention_period) == (2 << 30, 5400, 91)


@pytest.mark.parametrize(
    ("field", "text", "said"),
    [
        ("max_size", "much", "is no amount"),
        ("max_size", "3 apples", "Write a size such as 100 MiB"),
        ("max_size", "10 KiB", "Between 1 MiB and 1 PiB."),
        ("cleanup_interval", "1 s", "Between 1 min and 365 d."),
        ("cleanup_interval", "", "required"),
        ("retention_period", "36 h", "Write whole days, such as 90 d or 13 w."),
        ("keep_figures", "12 w", "Between 90 d and 36,500 d."),
    ],
)
def test_a_wrong_amount_says_what_to_write(
    browser: Client, owner: Project, field: str, text: str, said: str
) -> None:
    page = browser.post(url_of(owner), form_of(owner, **{field: text})).content.decode()

    assert said in page
    assert FeatureMemoryConfig.objects.get(project=owner).version == 1


def test_what_is_chosen_at_the_start_is_shown_but_not_offered(
    browser: Client, owner: Project
) -> None:
    page = browser.get(url_of(owner)).content.decode()

    assert 'name="type"' not in page
    assert "Persistent (database)" in page


def test_an_embedder_that_this_server_cannot_use_is_not_offered(
    browser: Client, owner: Project, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threshold_form, "find_spec", lambda name: None)
    settings.EMBEDDER_HOSTS = []
    page = browser.get(url_of(owner)).content.decode()
    assert 'value="lexical" selected' in page
    assert 'value="static"' not in page
    assert 'value="endpoint"' not in page
    assert "Not offered here: static, which needs the extra featurememory[static]" in page

    FeatureMemoryConfig.objects.update(embedder="static")
    settings.EMBEDDER_HOSTS = ["vectors.test"]
    page = browser.get(url_of(owner)).content.decode()
    assert 'value="static" selected' in page
    assert 'value="endpoint"' in page


def test_a_preview_shows_the_change_and_saves_nothing(browser: Client, owner: Project) -> None:
    for number, confidence in enumerate((0.6, 0.8, 0.9)):
        pattern_row(owner, number, confidence=confidence)
    form = form_of(owner, confidence_threshold="0.85", max_size="1 GiB", _preview="1")
    page = browser.post(url_of(owner), form).content.decode()

    assert "Preview: nothing is saved yet" in page
    assert "<del>0.7</del>" in page
    assert "<ins>1 GiB</ins>" in page
    assert "Then 1 of 3 patterns pass" in page
    assert "errornote" not in page
    assert 'value="0.85"' in page
    assert FeatureMemoryConfig.objects.get(project=owner).version == 1


def test_a_preview_of_something_invalid_shows_the_error(browser: Client, owner: Project) -> None:
    form = form_of(owner, confidence_threshold="7", _preview="1")
    page = browser.post(url_of(owner), form).content.decode()

    assert "errorlist" in page
    assert "nothing is saved yet" not in page


def test_a_histogram_shows_where_the_threshold_lies(browser: Client, owner: Project) -> None:
    pattern_row(owner, 1, confidence=0.97)
    page = browser.get(url_of(owner)).content.decode()

    assert 'class="histogram"' in page
    assert "with the threshold at 0.70" in page


def test_the_frame_of_the_product_stays_around_it(browser: Client, owner: Project) -> None:
    page = browser.get(url_of(owner)).content.decode()

    assert 'href="/patterns/"' in page
    assert "In force everywhere since" in page or "Just saved" in page
    assert ">History</a>" in page


def test_the_form_asks_few_questions(
    browser: Client, owner: Project, django_assert_max_num_queries: Any
) -> None:
    pattern_row(owner, 1)
    browser.get(url_of(owner))

    with django_assert_max_num_queries(12):
        browser.get(url_of(owner))
