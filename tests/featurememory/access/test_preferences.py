"""People see times, numbers and the theme as they chose, in every browser."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from featurememory.access.preferences import seen_by
from featurememory.models import Preferences, Project
from featurememory.process.number_style import numbers_written_as
from featurememory.templatetags import figures
from tests.builders import NOON, NOON_TIME, learned, project
from tests.web import browser, person, text_of


@pytest.mark.parametrize(
    ("style", "written"),
    [
        ("", ["1,284", "78.4%", "$3.50", "18.6 M", "$0.00031", "+6.1 pt"]),
        ("point", ["1.284", "78,4%", "$3,50", "18,6 M", "$0,00031", "+6,1 pt"]),
        ("space", ["1\u202f284", "78,4%", "$3,50", "18,6 M", "$0,00031", "+6,1 pt"]),
        ("nonsense", ["1,284", "78.4%", "$3.50", "18.6 M", "$0.00031", "+6.1 pt"]),
    ],
)
def test_numbers_have_the_signs_of_the_reader(style: str, written: list[str]) -> None:
    with numbers_written_as(style):
        found = [
            figures.number(1284),
            figures.percent(0.784),
            figures.money(3.5),
            figures.compact(18_600_000),
            figures.money(0.00031),
            figures.points(0.061),
        ]

    assert found == written
    assert figures.number(1284) == "1,284"


@pytest.fixture
def reader(db: Any) -> Any:
    project("shop")
    return person("vera")


@pytest.fixture
def client(reader: Any) -> Client:
    return browser(reader)


def test_times_are_in_the_chosen_zone(reader: Any) -> None:
    Preferences.objects.create(user=reader, time_zone="Asia/Tokyo")

    with seen_by(reader):
        written = figures.clock(NOON)

    here = NOON_TIME.astimezone(ZoneInfo("Asia/Tokyo"))
    assert f">{here.day} {here:%b %H:%M:%S}<" in written


def test_preferences_are_kept_and_every_page_follows(client: Client, reader: Any) -> None:
    learned(Project.objects.get(), 4)

    client.post("/account/preferences/", {"time_zone": "Europe/Berlin", "numbers": "point"})
    page = text_of(client.get("/patterns/"))

    assert 'data-zone="Europe/Berlin" data-numbers="point"' in page
    assert "0,70" in page


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd", "x" * 70, "Europe"])
def test_an_unknown_zone_is_said(client: Client, zone: str) -> None:
    answer = client.post("/account/preferences/", {"time_zone": zone, "numbers": ""})

    assert answer.status_code == 422
    assert not Preferences.objects.exists()


def test_a_zone_that_is_gone_from_the_list_breaks_nothing(client: Client, reader: Any) -> None:
    Preferences.objects.create(user=reader, time_zone="Gone/Forever")

    assert client.get("/patterns/").status_code == 200


def test_the_theme_follows_a_person_into_another_browser(client: Client, reader: Any) -> None:
    client.post("/theme/", {"theme": "dark"})
    other = browser(reader)

    assert 'data-theme="dark"' in text_of(other.get("/patterns/"))


def test_the_navigation_says_what_one_may_do(client: Client) -> None:
    assert "vera · viewer" in text_of(client.get("/patterns/"))


def test_preferences_cost_no_query(client: Client, reader: Any) -> None:
    Preferences.objects.create(user=reader, time_zone="Asia/Tokyo")
    client.get("/activity/")
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as seen:
        client.get("/activity/")

    mentions = [q["sql"] for q in seen if "featurememory_preferences" in q["sql"]]
    assert len(mentions) == 1
    assert "auth_user" in mentions[0]
