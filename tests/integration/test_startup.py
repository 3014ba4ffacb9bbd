"""What a start prepares, and that a second start changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError

from featurememory.models import LoginLink, Project
from integration.models import ApiKey
from integration.startup import StartResult, format_announcement, prepare_start

pytestmark = pytest.mark.django_db
ADMIN_KEY = "fm_ad_abcdefghijkl_" + "s" * 40


@pytest.fixture(autouse=True)
def _nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FM_INIT_PROJECT", "FM_INIT_API_KEY", "FM_INIT_ADMIN_PASSWORD"):
        monkeypatch.delenv(name, raising=False)


def test_the_first_start_makes_a_project_a_key_and_a_login_link() -> None:
    ready = prepare_start()

    assert ready.project.name == "default"
    key = ApiKey.find(ready.key or "")
    assert key is not None
    assert (key.project, key.kind) == (ready.project, "ad")
    user = LoginLink.use(ready.login_token or "")
    assert (user.username, user.is_superuser, user.has_usable_password()) == ("admin", True, False)


def test_the_second_start_keeps_the_key_and_makes_a_new_link() -> None:
    first, second = prepare_start(), prepare_start()

    assert second.key is None
    assert Project.objects.count() == ApiKey.objects.count() == 1
    assert LoginLink.use(first.login_token or "") is None
    assert LoginLink.use(second.login_token or "") is not None


def test_a_login_link_works_once() -> None:
    token = prepare_start().login_token or ""

    assert LoginLink.use(token) is not None
    assert LoginLink.use(token) is None
    assert LoginLink.use("nonsense") is None


def test_project_key_and_password_are_taken_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FM_INIT_PROJECT", "mine")
    monkeypatch.setenv("FM_INIT_API_KEY", ADMIN_KEY)
    monkeypatch.setenv("FM_INIT_ADMIN_PASSWORD", "correct horse")
    ready = prepare_start()

    assert (ready.project.name, ready.key) == ("mine", ADMIN_KEY)
    assert ApiKey.find(ADMIN_KEY) is not None
    assert get_user_model().objects.get(username="admin").check_password("correct horse")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FM_INIT_API_KEY", "secret"),
        ("FM_INIT_API_KEY", ADMIN_KEY.replace("_ad_", "_ro_")),
        ("FM_INIT_PROJECT", "not a slug!"),
        ("FM_INIT_PROJECT", "x" * 81),
        ("FM_INIT_ADMIN_PASSWORD", "a"),
        ("FM_INIT_ADMIN_PASSWORD", "password1"),
    ],
)
def test_a_value_that_cannot_be_used_stops_the_start_and_is_named(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    for _ in range(2):  # the second start must not go on with what the first refused
        with pytest.raises(CommandError, match=f"{name} cannot be used"):
            prepare_start()
    assert not ApiKey.objects.exists()


def test_without_a_terminal_neither_link_nor_given_key_is_printed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FM_INIT_API_KEY", ADMIN_KEY)
    on_terminal, in_log = prepare_start(), prepare_start(terminal=False)

    assert "/login/once/" in format_announcement(on_terminal, "http://x")
    text = format_announcement(StartResult(in_log.project, ADMIN_KEY, None), "http://x")
    assert "manage.py login_link" in text
    assert "/login/once/" not in text
    assert ADMIN_KEY not in text


def test_the_start_says_where_it_is_and_how_to_get_a_link_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Any
) -> None:
    settings.DATA_DIR = tmp_path / "a folder"
    monkeypatch.setattr("sys.executable", str(Path.cwd() / ".venv/bin/python"))

    text = format_announcement(StartResult(Project(name="p"), None, None), "http://x:8977")

    assert "Address       http://x:8977/" in text
    assert f"FM_DATA_DIR='{tmp_path}/a folder' .venv/bin/python manage.py login_link" in text
    assert "login_link --url http://x:8977" in text
