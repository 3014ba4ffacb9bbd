"""Sign-in by a header that a trusted proxy sets, after it has checked who somebody is.

featurememory/http/trusted_proxies.py takes the header from every request and believes only trusted
proxies; here its value arrives under a name that no client can send.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.backends import RemoteUserBackend
from django.contrib.auth.middleware import RemoteUserMiddleware
from django.contrib.auth.models import User
from django.http import HttpRequest

from featurememory.access.second_factor_gate import CHECKED, OPEN
from featurememory.access.sessions import record_sign_in
from featurememory.access.sso_accounts import (
    SsoRefused,
    check_name,
    follow_groups,
    logger,
    welcome_person,
)
from featurememory.audit.origin import note_way

USER, GROUPS = "featurememory.sso_user", "featurememory.sso_groups"
FOLLOWED = "sso_groups"  # in the session: the groups its person had


class HeaderBackend(RemoteUserBackend):
    """Django's, which makes unknown people; they get the roles of FM_SSO_ROLE."""

    def configure_user(self, request: HttpRequest | None, user: Any, created: bool = True) -> Any:
        if created:
            user.set_unusable_password()
            user.save()
            welcome_person(user)
        return user


class HeaderSignIn(RemoteUserMiddleware):
    """Django's, which also signs out whom the proxy no longer names. Programs come with keys instead."""

    header = USER

    def process_request(self, request: HttpRequest) -> None:
        if not settings.SSO_HEADER or is_for_programs(request):
            return
        name = read_latin(request.META.get(USER, ""))
        request.META.pop(USER, None)
        if name and is_usable(name):
            request.META[USER] = name
        before = request.user.pk
        note_way("a header of the proxy")
        super().process_request(request)
        if request.META.get(USER) and isinstance(request.user, User):
            follow_header(request, request.user, is_new=request.user.pk != before)


def is_for_programs(request: HttpRequest) -> bool:
    return request.path_info.startswith(OPEN) and request.path_info != "/health/"


def read_latin(text: str) -> str:
    """WSGI hands over bytes as Latin-1; what they mean is UTF-8."""
    return text.encode("latin-1", "replace").decode("utf-8", "replace").strip()


def is_usable(name: str) -> bool:
    try:
        check_name(name)
    except SsoRefused:
        logger.warning("The proxy names nobody that could have an account: %r", name[:50])
        return False
    return True


def follow_header(request: HttpRequest, person: User, *, is_new: bool) -> None:
    """A new session is listed; roles follow the groups whenever the proxy names others."""
    if is_new:
        request.session[CHECKED] = True
        record_sign_in(request, str(request.META.get("REMOTE_ADDR", "")))
    text = read_latin(request.META.get(GROUPS, ""))
    if is_new or request.session.get(FOLLOWED) != text:
        follow_groups(person, [group.strip() for group in text[:8000].split(",")])
        request.session[FOLLOWED] = text
