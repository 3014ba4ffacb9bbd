"""Where a person is signed in: recorded at sign-in, listed, and ended one by one."""

from __future__ import annotations

from typing import Any

from django.contrib.sessions.models import Session
from django.http import HttpRequest
from django.utils import timezone

from featurememory.models import SignedInBrowser


def record_sign_in(request: HttpRequest, address: str) -> None:
    """Note the session that has just begun; called after `login`, which gives it its key."""
    person: Any = request.user
    SignedInBrowser.objects.update_or_create(
        session_key=request.session.session_key or "",
        defaults={
            "user": person,
            "address": address[:45],
            "agent": request.headers.get("User-Agent", "")[:200].replace("\x00", ""),
            "at": timezone.now(),
        },
    )
    clear_expired_sessions()


def clear_expired_sessions() -> None:
    """Expired sessions go, and with every session what was noted about it."""
    Session.objects.filter(expire_date__lt=timezone.now()).delete()
    kept = Session.objects.values("session_key")
    SignedInBrowser.objects.exclude(session_key__in=kept).delete()


def list_sessions(user: Any) -> list[SignedInBrowser]:
    alive = Session.objects.filter(expire_date__gte=timezone.now()).values("session_key")
    return list(SignedInBrowser.objects.filter(user=user, session_key__in=alive))


def end_session(user: Any, pk: int) -> bool:
    """Signs that browser out at once; False when this person has no such session."""
    row = SignedInBrowser.objects.filter(user=user, pk=pk).first()
    if row is None:
        return False
    Session.objects.filter(session_key=row.session_key).delete()
    row.delete()
    return True


def end_all_sessions(user: Any, but: str | None = None) -> int:
    """Signs a person out everywhere, except in the session with this key."""
    rows = SignedInBrowser.objects.filter(user=user).exclude(session_key=but or "")
    keys = list(rows.values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    rows.delete()
    return len(keys)
