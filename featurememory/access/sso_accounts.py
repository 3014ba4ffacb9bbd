"""From who somebody is elsewhere to a person here, with the roles that the environment names."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from featurememory.access.roles import RANK, grant_role
from featurememory.audit.record import record
from featurememory.errors import ErrorCode, FeatureMemoryError
from featurememory.models import ExternalIdentity, Project, ProjectRole
from featurememory.sign_in_settings import EVERY_PROJECT, RoleGrant

logger = logging.getLogger("featurememory.sign_in")
ACTOR = "single sign-on"


class SsoRefused(FeatureMemoryError):
    """Whoever it is, they are not let in; the message says what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(message, ErrorCode.FORBIDDEN)


@dataclass(frozen=True)
class SsoIdentity:
    issuer: str
    subject: str
    name: str
    groups: frozenset[str] = field(default_factory=frozenset)


def find_person(identity: SsoIdentity) -> User:
    """The person of this identity, made at its first sign-in, with the roles of their groups."""
    known = find_known(identity)
    if known is None:
        try:
            known = create_person(identity)
        except IntegrityError:  # the same person in another tab, at this moment
            known = find_known(identity)
    if known is None or not known.is_active:
        raise SsoRefused(f"The account {identity.name} is closed here.")
    follow_groups(known, identity.groups)
    return known


def find_known(identity: SsoIdentity) -> User | None:
    same = ExternalIdentity.objects.filter(issuer=identity.issuer, subject=identity.subject)
    row = same.select_related("user").first()
    return row.user if row else None


@transaction.atomic
def create_person(identity: SsoIdentity) -> User:
    """A name that somebody has here is never taken over: who has it elsewhere may be another person."""
    check_name(identity.name)
    if User.objects.filter(username__iexact=identity.name).exists():
        raise SsoRefused(
            f"There is an account {identity.name} here already. If it is yours, whoever runs this server "
            f"links it: python manage.py link_sign_in --user {identity.name} --subject {identity.subject}"
        )
    person = User.objects.create_user(identity.name)
    link_person(person, identity.issuer, identity.subject)
    welcome_person(person)
    return person


def link_person(person: User, issuer: str, subject: str) -> None:
    ExternalIdentity.objects.create(user=person, issuer=issuer, subject=subject)
    record(None, "user.linked", person.username, after={"issuer": issuer, "subject": subject})


def welcome_person(person: User) -> None:
    """The roles of people whom single sign-on has just made."""
    record(None, "user.created", person.username, actor=ACTOR)
    for project, role in strongest(settings.SSO_ROLES).items():
        set_role(person, project, role)


def check_name(name: str) -> None:
    try:
        UnicodeUsernameValidator()(name)
    except ValidationError:
        name = ""
    if not 0 < len(name) <= 150:
        raise SsoRefused(
            "Single sign-on gives no usable user name: letters, digits and @.+-_ only, at most 150. "
            "Whoever runs this server chooses another claim with FM_OIDC_NAME_CLAIM."
        )


def follow_groups(person: User, groups: Collection[str]) -> None:
    """The projects that FM_SSO_GROUP_ROLES names get the strongest role of these groups, or none."""
    mapped = settings.SSO_GROUP_ROLES
    given = [grant for group in groups for grant in mapped.get(group, ())]
    wanted = strongest([*given, *settings.SSO_ROLES])
    for project in sorted({grant.project for grants in mapped.values() for grant in grants}):
        set_role(person, project, wanted.get(project, ""))


def strongest(grants: Sequence[RoleGrant]) -> dict[str, str]:
    """The strongest role by project."""
    found: dict[str, str] = {}
    for grant in grants:
        found[grant.project] = max(found.get(grant.project, ""), grant.role, key=lambda r: RANK[r])
    return found


def set_role(person: Any, name: str, role: str) -> None:
    """Only what differs is changed, and recorded."""
    project = None
    if name != EVERY_PROJECT:
        project = Project.objects.filter(name=name).first()
        if project is None:
            logger.warning("Single sign-on names a project that is not there: %s", name)
            return
    now = ProjectRole.objects.filter(user=person, project=project)
    if (now.values_list("role", flat=True).first() or "") != role:
        grant_role(person, project, role, ACTOR)
