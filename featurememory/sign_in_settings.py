"""Reads the variables about single sign-on; what cannot be used stops the start with one line."""

from __future__ import annotations

import os
from dataclasses import dataclass
from urllib.parse import urlsplit

from featurememory.environment import read_names, refuse_value

ROLE_NAMES = ("viewer", "editor", "admin")
EVERY_PROJECT = "*"


@dataclass(frozen=True)
class RoleGrant:
    """A role in the project of this name, or in every one."""

    project: str
    role: str


@dataclass(frozen=True)
class OidcSettings:
    """`secret` is empty for a public client. `domains`: of verified e-mail addresses; none: anybody
    whom the provider lets in."""

    issuer: str
    client_id: str
    secret: str
    scopes: str
    domains: tuple[str, ...]
    name_claim: str
    groups_claim: str

    @property
    def discovery(self) -> str:
        return f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"


def read_oidc() -> OidcSettings | None:
    """None while FM_OIDC_ISSUER is not set."""
    issuer = os.environ.get("FM_OIDC_ISSUER", "").strip()
    if not issuer:
        return None
    parts = urlsplit(issuer)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
        refuse_value("FM_OIDC_ISSUER", f"{issuer!r} is no address like https://id.example.com")
    client_id = os.environ.get("FM_OIDC_CLIENT_ID", "").strip()
    if not client_id:
        refuse_value("FM_OIDC_ISSUER", "FM_OIDC_CLIENT_ID is not set")
    domains = read_names("FM_OIDC_DOMAINS", default=[])
    return OidcSettings(
        issuer,
        client_id,
        os.environ.get("FM_OIDC_CLIENT_SECRET", ""),
        os.environ.get("FM_OIDC_SCOPES") or "openid email profile",
        tuple(domain.lower().lstrip("@") for domain in domains),
        os.environ.get("FM_OIDC_NAME_CLAIM") or "email",
        os.environ.get("FM_OIDC_GROUPS_CLAIM") or "groups",
    )


def read_grants(name: str) -> tuple[RoleGrant, ...]:
    """`viewer` in every project, or `shop:editor` in one; comma-separated."""
    return tuple(parse_grant(name, text) for text in read_names(name, default=[]))


def read_group_grants(name: str) -> dict[str, tuple[RoleGrant, ...]]:
    """`group=role` or `group=project:role`, comma-separated; a group may have several."""
    found: dict[str, tuple[RoleGrant, ...]] = {}
    for text in read_names(name, default=[]):
        group, equals, grant = text.rpartition("=")
        if not equals or not group.strip():
            refuse_value(name, f"{text!r} is not like group=viewer or group=shop:editor")
        group = group.strip()
        found[group] = (*found.get(group, ()), parse_grant(name, grant))
    return found


def parse_grant(name: str, text: str) -> RoleGrant:
    project, _, role = text.strip().rpartition(":")
    if role not in ROLE_NAMES:
        refuse_value(name, f"{text!r} names none of the roles {', '.join(ROLE_NAMES)}")
    return RoleGrant(project or EVERY_PROJECT, role)


def read_header(name: str) -> str:
    """The name of a header as WSGI spells it, without HTTP_; "" when there is none."""
    text = os.environ.get(name, "").strip()
    if text and not text.replace("-", "").replace("_", "").isalnum():
        refuse_value(name, f"{text!r} is no name of a header, like X-Remote-User")
    return text.upper().replace("-", "_")
