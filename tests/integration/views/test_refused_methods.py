"""Addresses that only take forms: nobody is led to one to look at it, and whoever comes is told."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.builders import learned, project
from tests.web import HTMX, browser, person, text_of

pytestmark = pytest.mark.django_db
FORM = "/patterns/pin/"


def test_an_address_that_only_takes_forms_says_so_and_leads_on() -> None:
    learned(project(), 3)
    for one in (browser(person("ann", may_change=True)), Client()):
        response = one.get(FORM, headers={"Accept": "text/html,*/*;q=0.8"})

        assert (response.status_code, response["Allow"]) == (405, "POST")
        assert "only takes what a form on another page sends (allowed: POST)" in text_of(response)
        assert 'href="/"' in text_of(response)


def test_a_program_gets_no_page() -> None:
    response = Client().get(FORM, headers={"Accept": "*/*"})

    assert (response.status_code, response["Allow"], response.content) == (405, "POST", b"")


def test_after_a_session_ended_signing_in_leads_to_the_page_whose_form_was_sent() -> None:
    came = {"Referer": "http://testserver/patterns/?q=a&status=candidate"}
    response = Client().post(FORM, headers=came)

    assert response["Location"] == "/login/?next=/patterns/%3Fq%3Da%26status%3Dcandidate"


@pytest.mark.parametrize("came", ["", "https://elsewhere.example/patterns/", "javascript:1"])
def test_a_page_of_somebody_else_is_none_to_lead_to(came: str) -> None:
    assert Client().post(FORM, headers={"Referer": came})["Location"] == "/login/?next=/"


def test_a_part_of_a_page_leads_back_to_the_whole_query() -> None:
    here = {**HTMX, "HX-Current-URL": "http://testserver/patterns/?q=a&status=candidate"}
    response = Client().get("/patterns/", headers=here)

    assert response["HX-Redirect"] == "/login/?next=/patterns/%3Fq%3Da%26status%3Dcandidate"
