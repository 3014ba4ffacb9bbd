"""The moment between password and code: who has given the right password, kept in the session."""

from __future__ import annotations

import time
from typing import Any

from django.contrib.auth import get_user_model
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

NAME, PATIENCE_S = "waiting_sign_in", 600


def wait_for_code(request: HttpRequest, user: Any, target: str) -> None:
    """Nobody is signed in yet. The session ends soon when no code follows."""
    request.session.cycle_key()
    proof = user.get_session_auth_hash()
    request.session[NAME] = {"user": user.pk, "proof": proof, "next": target, "at": time.time()}
    request.session.set_expiry(PATIENCE_S)


def find_waiting(request: HttpRequest) -> tuple[Any, str] | None:
    """The person and where they wanted to go; None after ten minutes, or when the password has changed."""
    kept = request.session.get(NAME)
    if not kept or time.time() - kept["at"] > PATIENCE_S:
        return None
    user: Any = get_user_model().objects.filter(pk=kept["user"], is_active=True).first()
    if user is None or not constant_time_compare(user.get_session_auth_hash(), kept["proof"]):
        return None
    return user, kept["next"]


def stop_waiting(request: HttpRequest) -> None:
    request.session.pop(NAME, None)
    request.session.set_expiry(None)
