"""Who is acting, from where and how: known at the edge, needed deep inside."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse

PAGE, KEY, COMMAND, ENGINE = "page", "key", "command", "engine"


@dataclass
class Origin:
    """`actor` is empty until somebody has signed in; `request` tells the signed-in user. `way`: how
    somebody signs in with this request."""

    via: str = ENGINE
    actor: str = ""
    address: str = ""
    request: Any = None
    way: str = ""

    def name_actor(self) -> str:
        if self.actor:
            return self.actor
        user = getattr(self.request, "user", None)
        if user is not None and user.is_authenticated:
            return str(user.get_username())
        return "memory" if self.via == ENGINE else "somebody"


_origin: ContextVar[Origin | None] = ContextVar("origin", default=None)


def current_origin() -> Origin:
    return _origin.get() or Origin()


def note_actor(name: str) -> None:
    """The key that a request has been authenticated by."""
    origin = _origin.get()
    if origin is not None:
        origin.actor = name


def note_way(way: str) -> None:
    """By what somebody is about to sign in: a password, a link, …"""
    origin = _origin.get()
    if origin is not None:
        origin.way = way


def note_origin(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: remembers page or key, and the address, for what the request changes."""

    def handle(request: HttpRequest) -> HttpResponse:
        via = KEY if request.path_info.startswith(("/api/", "/v1/")) else PAGE
        address = str(request.META.get("REMOTE_ADDR") or "")[:64]
        token = _origin.set(Origin(via, "", address, request))
        try:
            return get_response(request)
        finally:
            _origin.reset(token)

    return handle


@contextmanager
def acting_by_command() -> Iterator[None]:
    """What runs inside was asked for on the command line, by the system's user."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container may run under a number without a name
        name = "command"
    token = _origin.set(Origin(COMMAND, name))
    try:
        yield
    finally:
        _origin.reset(token)
