"""Sign-in at an OpenID provider: who comes back is who the provider says, or nobody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from joserfc.jwk import OctKey, RSAKey

from featurememory.access import oidc
from featurememory.http.rate_limits import own_counts
from featurememory.models import AuditEntry, ExternalIdentity, ProjectRole, SignedInBrowser
from featurememory.sign_in_settings import OidcSettings, RoleGrant
from integration.views.people import single_sign_on
from tests.builders import project
from tests.fake_issuer import CLIENT_ID, CLIENT_SECRET, FakeIssuer, fake_issuer
from tests.web import browser, enroll, person, text_of

pytestmark = pytest.mark.django_db
LEA = {"sub": "u-1", "email": "lea@corp.example", "email_verified": True}


@pytest.fixture
def issuer(settings: Any) -> Iterator[FakeIssuer]:
    oidc.forget_provider()
    with fake_issuer() as running:
        running.claims = dict(LEA)
        settings.OIDC = OidcSettings(
            running.url, CLIENT_ID, CLIENT_SECRET, "openid email", (), "email", "groups"
        )
        yield running
    oidc.forget_provider()


def sign_in(issuer: FakeIssuer, client: Client | None = None, target: str = "") -> Any:
    """The whole way: to the provider, and back with its code."""
    client = client or Client()
    leads = client.get("/login/sso/", {"next": target})
    assert leads.status_code == 302, text_of(leads)
    return client.get(issuer.approve(leads["Location"]))


def inside(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def test_the_first_sign_in_makes_a_person_without_a_password(issuer: FakeIssuer) -> None:
    client = Client()

    assert sign_in(issuer, client, "/patterns/")["Location"] == "/patterns/"
    assert inside(client)
    row = ExternalIdentity.objects.get()
    assert (row.user.username, row.subject, row.issuer) == ("lea@corp.example", "u-1", issuer.url)
    assert not row.user.has_usable_password()
    assert (row.user.is_staff, row.user.is_superuser) == (False, False)
    assert SignedInBrowser.objects.get().user == row.user
    told = AuditEntry.objects.filter(action="login.ok").latest("number")
    assert told.reason == "by single sign-on"


def test_the_same_subject_stays_the_same_person_under_a_new_name(issuer: FakeIssuer) -> None:
    sign_in(issuer)
    issuer.claims["email"] = "lea.new@corp.example"
    sign_in(issuer)

    assert ExternalIdentity.objects.get().user.username == "lea@corp.example"


def test_sessions_from_there_end_sooner_and_ask_for_no_code(
    issuer: FakeIssuer, settings: Any
) -> None:
    settings.SECOND_FACTOR = "everyone"
    settings.SSO_ROLES = (RoleGrant("*", "viewer"),)
    project("shop")
    client = Client()
    sign_in(issuer, client)

    assert client.get("/patterns/").status_code == 200
    assert client.session.get_expiry_age() <= 12 * 3600


def test_a_name_that_is_taken_here_is_not_taken_over(issuer: FakeIssuer) -> None:
    root = person("Admin@corp.example", superuser=True)
    issuer.claims["email"] = "admin@corp.example"
    client = Client()
    answer = sign_in(issuer, client)

    assert answer.status_code == 403
    assert "link_sign_in --user admin@corp.example --subject u-1" in text_of(answer)
    assert not inside(client)
    call_command("link_sign_in", user=root.username, subject="u-1", stdout=StringIO())
    assert sign_in(issuer, client).status_code == 302
    assert client.get("/account/").wsgi_request.user == root
    with pytest.raises(CommandError, match="already"):
        call_command("link_sign_in", user=root.username, subject="u-1")


def test_new_people_get_the_role_that_the_environment_names(
    issuer: FakeIssuer, settings: Any
) -> None:
    settings.SSO_ROLES = (RoleGrant("shop", "editor"), RoleGrant("gone", "admin"))
    shop = project("shop")
    sign_in(issuer)

    row = ProjectRole.objects.get()
    assert (row.project, row.role) == (shop, "editor")
    told = AuditEntry.objects.get(action="right.granted")
    assert (told.project, told.actor) == (shop, "single sign-on")


def test_roles_follow_the_groups_at_every_sign_in(issuer: FakeIssuer, settings: Any) -> None:
    settings.SSO_ROLES = (RoleGrant("shop", "viewer"),)
    settings.SSO_GROUP_ROLES = {
        "team": (RoleGrant("shop", "editor"),),
        "heads": (RoleGrant("shop", "admin"), RoleGrant("docs", "viewer")),
    }
    project("shop"), project("docs"), project("other")

    def roles() -> dict[str, str]:
        rows = ProjectRole.objects.select_related("project")
        return {str(row.project): row.role for row in rows}

    issuer.claims["groups"] = ["team", "heads", "unknown", 7]
    sign_in(issuer)
    assert roles() == {"shop": "admin", "docs": "viewer"}
    ProjectRole.objects.create(
        user=ExternalIdentity.objects.get().user, project=project("own"), role="viewer"
    )
    issuer.claims["groups"] = "team"
    sign_in(issuer)
    assert roles() == {"shop": "editor", "own": "viewer"}
    issuer.claims.pop("groups")
    sign_in(issuer)
    assert roles() == {"shop": "viewer", "own": "viewer"}


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({}, 302),
        ({"email": "lea@CORP.example"}, 302),
        ({"email": "lea@corp.example.evil"}, 403),
        ({"email": "lea@sub.corp.example"}, 403),
        ({"email_verified": False}, 403),
        ({"email_verified": None}, 403),
        ({"email": None}, 403),
    ],
)
def test_only_verified_addresses_of_the_named_domains_come_in(
    issuer: FakeIssuer, settings: Any, claims: dict[str, Any], status: int
) -> None:
    settings.OIDC = replace(settings.OIDC, domains=("corp.example",))
    issuer.claims |= claims

    assert sign_in(issuer).status_code == status


@pytest.mark.parametrize(
    "claims",
    [
        {"email": ""},
        {"email": "a b"},
        {"email": "x" * 151},
        {"email": "a\x00b"},
        {"email": ["a"]},
        {"email": "<script>"},
        {"sub": ""},
        {"sub": "x" * 256},
        {"sub": "\x00"},
        {"email_verified": False},
    ],
)
def test_who_has_no_usable_name_is_told_so(issuer: FakeIssuer, claims: dict[str, Any]) -> None:
    issuer.claims |= claims
    client = Client()

    assert sign_in(issuer, client).status_code == 403
    assert not inside(client)


@pytest.mark.parametrize(
    "twist",
    [
        {"iss": "https://other.example"},
        {"aud": "another-client"},
        {"aud": ["another-client"], "azp": CLIENT_ID},
        {"exp": 1},
        {"nonce": "another"},
        {"nonce": None},
        {"sub": None},
    ],
)
def test_a_token_that_is_not_for_this_sign_in_is_refused(
    issuer: FakeIssuer, twist: dict[str, Any]
) -> None:
    issuer.twist = twist
    client = Client()

    answer = sign_in(issuer, client)

    assert answer.status_code == 403
    assert not inside(client)
    assert AuditEntry.objects.filter(action="login.failed", reason="single sign-on").exists()


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (RSAKey.generate_key(2048, {"kid": "one"}), "RS256"),
        (OctKey.import_key(CLIENT_SECRET), "HS256"),
        (OctKey.import_key(CLIENT_SECRET), "none"),
    ],
)
def test_what_the_provider_has_not_signed_is_refused(
    issuer: FakeIssuer, key: Any, algorithm: str
) -> None:
    issuer.key, issuer.algorithm = key, algorithm
    client = Client()

    assert sign_in(issuer, client).status_code == 403
    assert not inside(client)


@pytest.mark.parametrize(
    "query",
    ["", "?code=x", "?state=x", "?code=x&state=x", "?error=access_denied", "?code=%00&state=%ff"],
)
def test_whoever_comes_back_without_having_left_is_nobody(issuer: FakeIssuer, query: str) -> None:
    client = Client()
    client.get("/login/sso/")

    answer = client.get(f"/login/sso/callback/{query}")

    assert answer.status_code == 403
    assert "Try again from here" in text_of(answer)


def test_a_code_and_a_state_work_once_and_in_one_browser(issuer: FakeIssuer) -> None:
    client = Client()
    back = issuer.approve(client.get("/login/sso/")["Location"])
    assert Client().get(back).status_code == 403
    assert client.get(back).status_code == 302
    client.post("/logout/")

    assert client.get(back).status_code == 403


def test_what_somebody_writes_into_the_address_is_not_shown(issuer: FakeIssuer) -> None:
    query = {"error": "x", "error_description": "Call 555-1234 to unlock"}

    assert "555-1234" not in text_of(Client().get("/login/sso/callback/", query))


def test_the_target_stays_on_this_server(issuer: FakeIssuer) -> None:
    assert sign_in(issuer, target="https://evil.example/")["Location"] == "/"


def test_what_only_the_userinfo_endpoint_tells_counts(issuer: FakeIssuer, settings: Any) -> None:
    settings.SSO_GROUP_ROLES = {"team": (RoleGrant("shop", "editor"),)}
    project("shop")
    issuer.more = {"groups": ["team"]}
    sign_in(issuer)

    assert ProjectRole.objects.get().role == "editor"


def test_a_userinfo_of_somebody_else_counts_for_nothing(issuer: FakeIssuer, settings: Any) -> None:
    settings.SSO_GROUP_ROLES = {"team": (RoleGrant("shop", "editor"),)}
    issuer.more = {"groups": ["team"], "sub": "u-2"}

    assert sign_in(issuer).status_code == 403


@pytest.mark.parametrize("told", [{"issuer": "https://other.example"}, {"token_endpoint": None}])
def test_a_provider_that_says_something_else_of_itself_is_refused(
    issuer: FakeIssuer, told: dict[str, Any]
) -> None:
    issuer.told = told
    client = Client()
    leads = client.get("/login/sso/")
    if leads.status_code == 302:
        leads = client.get(issuer.approve(leads["Location"]))

    assert leads.status_code in (403, 503)
    assert not inside(client)


def test_a_provider_that_is_down_is_told_and_the_page_stays(settings: Any) -> None:
    oidc.forget_provider()
    settings.OIDC = OidcSettings("http://127.0.0.1:1", "c", "", "openid", (), "email", "groups")

    answer = Client().get("/login/sso/")

    assert answer.status_code == 503
    assert "cannot be reached" in text_of(answer)
    assert 'name="password"' in text_of(answer)


def test_its_addresses_are_read_once_for_many_sign_ins(issuer: FakeIssuer) -> None:
    for _ in range(3):
        sign_in(issuer)

    assert issuer.paths.count("/.well-known/openid-configuration") == 1
    assert issuer.paths.count("/jwks") == 1


def test_a_closed_account_stays_closed(issuer: FakeIssuer) -> None:
    sign_in(issuer)
    user = ExternalIdentity.objects.get().user
    user.is_active = False
    user.save()

    assert sign_in(issuer).status_code == 403


def test_strangers_cannot_fill_the_table_of_sessions(
    issuer: FakeIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(single_sign_on, "MOST_A_MINUTE", 3)
    own_counts.clear()
    statuses = [Client().get("/login/sso/").status_code for _ in range(5)]
    assert (statuses, Session.objects.count()) == ([302, 302, 302, 429, 429], 3)

    own_counts.clear()
    Session.objects.update(expire_date=timezone.now())
    Client().get("/login/sso/")
    assert Session.objects.count() == 1


def test_without_a_provider_there_is_no_such_page() -> None:
    assert Client().get("/login/sso/").status_code == 404
    assert Client().get("/login/sso/callback/").status_code == 404
    assert "single sign-on" not in text_of(Client().get("/login/"))


def test_passwords_can_be_switched_off(issuer: FakeIssuer, settings: Any) -> None:
    settings.PASSWORD_SIGN_IN = False
    person("tom")
    page = text_of(Client().get("/login/", {"next": "/patterns/?q=a&b"}))
    assert 'name="password"' not in page
    assert "/login/sso/?next=%2Fpatterns%2F%3Fq%3Da%26b" in page

    refused = Client().post("/login/", {"username": "tom", "password": "look-42-twice"})
    assert refused.status_code == 403
    assert "sessionid" not in refused.cookies


def test_a_second_factor_of_before_is_not_asked_for(issuer: FakeIssuer) -> None:
    sign_in(issuer)
    enroll(ExternalIdentity.objects.get().user)
    client = Client()
    sign_in(issuer, client)

    assert inside(client)


def test_whoever_came_from_the_provider_may_sign_out_there_as_well(issuer: FakeIssuer) -> None:
    issuer.told = {"end_session_endpoint": f"{issuer.url}/end?from=app"}
    client = Client()
    sign_in(issuer, client)
    page = client.post("/logout/", follow=True)

    assert not inside(client)
    assert 'href="/logout/sso/"' in page.content.decode()
    place = urlsplit(client.get("/logout/sso/")["Location"])
    assert f"{place.scheme}://{place.netloc}{place.path}" == f"{issuer.url}/end"
    assert dict(parse_qsl(place.query)) == {
        "from": "app",
        "client_id": CLIENT_ID,
        "post_logout_redirect_uri": "http://testserver/login/",
    }


@pytest.mark.parametrize("place", [None, "", "javascript:alert(1)", "/relative"])
def test_without_such_a_place_at_the_provider_it_says_so(
    issuer: FakeIssuer, place: str | None
) -> None:
    issuer.told = {"end_session_endpoint": place}
    answer = Client().get("/logout/sso/")

    assert answer.status_code == 404
    assert "no page for signing out" in text_of(answer)


def test_whoever_signed_in_otherwise_is_not_led_there(issuer: FakeIssuer) -> None:
    client = browser(person("ann"))

    assert client.post("/logout/")["Location"] == "/login/"
    assert "sign out there" not in text_of(client.get("/login/"))


def test_nothing_of_it_is_there_without_a_provider(settings: Any) -> None:
    settings.OIDC = None

    assert Client().get("/logout/sso/").status_code == 404
    assert "sign out there" not in text_of(Client().get("/login/?left=sso"))
