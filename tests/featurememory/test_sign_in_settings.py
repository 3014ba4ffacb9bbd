"""Single sign-on by variables: what they mean, and what stops the start."""

from __future__ import annotations

from typing import Any

import pytest

from featurememory.checks import a_header_needs_a_proxy, somebody_can_sign_in
from featurememory.sign_in_settings import (
    OidcSettings,
    RoleGrant,
    read_grants,
    read_group_grants,
    read_header,
    read_oidc,
)

ISSUER = "https://id.example.com/realms/a/"


def test_without_an_issuer_there_is_no_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FM_OIDC_CLIENT_ID", "memory")

    assert read_oidc() is None


def test_a_provider_has_usual_scopes_and_claims(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FM_OIDC_ISSUER", ISSUER)
    monkeypatch.setenv("FM_OIDC_CLIENT_ID", "memory")
    monkeypatch.setenv("FM_OIDC_DOMAINS", "@Corp.example, other.example")
    found = read_oidc()

    domains = ("corp.example", "other.example")
    assert found == OidcSettings(
        ISSUER, "memory", "", "openid email profile", domains, "email", "groups"
    )
    assert found.discovery == f"{ISSUER}.well-known/openid-configuration"


@pytest.mark.parametrize("issuer", ["id.example.com", "ftp://id", "https://", "https://a?b"])
def test_an_issuer_that_is_no_address_stops_the_start(
    issuer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FM_OIDC_ISSUER", issuer)
    monkeypatch.setenv("FM_OIDC_CLIENT_ID", "memory")
    with pytest.raises(SystemExit, match="FM_OIDC_ISSUER cannot be used"):
        read_oidc()


def test_an_issuer_needs_a_client(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FM_OIDC_ISSUER", ISSUER)
    with pytest.raises(SystemExit, match="FM_OIDC_CLIENT_ID is not set"):
        read_oidc()


def test_roles_are_in_one_project_or_in_every_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FM_SSO_ROLE", "viewer, shop:editor")

    assert read_grants("FM_SSO_ROLE") == (RoleGrant("*", "viewer"), RoleGrant("shop", "editor"))


def test_groups_have_any_names_and_several_roles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FM_SSO_GROUP_ROLES", "/a=b:c=shop:editor, x=admin,x=docs:viewer")

    assert read_group_grants("FM_SSO_GROUP_ROLES") == {
        "/a=b:c": (RoleGrant("shop", "editor"),),
        "x": (RoleGrant("*", "admin"), RoleGrant("docs", "viewer")),
    }


@pytest.mark.parametrize("text", ["viewer", "=viewer", "team=", "team=shop:", "team=boss"])
def test_a_mapping_that_means_nothing_stops_the_start(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FM_SSO_GROUP_ROLES", text)
    with pytest.raises(SystemExit, match="FM_SSO_GROUP_ROLES cannot be used"):
        read_group_grants("FM_SSO_GROUP_ROLES")


def test_a_header_is_named_as_people_write_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FM_SSO_HEADER", "X-Remote-User")
    assert read_header("FM_SSO_HEADER") == "X_REMOTE_USER"
    monkeypatch.setenv("FM_SSO_HEADER", "X Remote")
    with pytest.raises(SystemExit, match="no name of a header"):
        read_header("FM_SSO_HEADER")


def test_settings_that_leave_nobody_in_stop_the_start(settings: Any) -> None:
    settings.PASSWORD_SIGN_IN = False
    assert [one.id for one in somebody_can_sign_in()] == ["featurememory.E004"]
    settings.SSO_HEADER = "X_REMOTE_USER"
    assert somebody_can_sign_in() == []

    assert [one.id for one in a_header_needs_a_proxy()] == ["featurememory.E005"]
    settings.TRUSTED_PROXIES = ["10.0.0.0/8"]
    assert a_header_needs_a_proxy() == []
