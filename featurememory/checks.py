"""Start-up checks: settings that contradict each other or are unsafe. Ids are documented."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register


@register()
def several_processes_need_postgresql(**_: Any) -> list[CheckMessage]:
    engine = settings.DATABASES["default"]["ENGINE"]
    if settings.REDIS_URL and engine.endswith("sqlite3"):
        return [
            Error(
                "FM_REDIS_URL is set, but the database is SQLite, which one process writes.",
                hint="Set FM_DATABASE_URL=postgresql://… too, or unset FM_REDIS_URL.",
                id="featurememory.E001",
            )
        ]
    return []


@register()
def memory_is_one_process(**_: Any) -> list[CheckMessage]:
    several = [name for name in ("DATABASE_URL", "REDIS_URL") if getattr(settings, name)]
    several += [] if settings.EMBEDDED else ["EMBEDDED=no"]
    if settings.STORAGE != "memory" or not several:
        return []
    return [
        Error(
            f"FM_STORAGE=memory keeps everything inside one process; FM_{several[0]} asks for more.",
            hint="Unset one of them.",
            id="featurememory.E003",
        )
    ]


@register()
def batch_holds_at_least_one_item(**_: Any) -> list[CheckMessage]:
    if settings.BATCH_BODY_LIMIT < settings.BODY_LIMIT:
        return [
            Error(
                "FM_BATCH_BODY_LIMIT is smaller than FM_BODY_LIMIT: a batch could not hold "
                "an interaction that is allowed alone.",
                id="featurememory.E002",
            )
        ]
    return []


@register()
def data_is_private(**_: Any) -> list[CheckMessage]:
    """New files are private (umask 077); what an earlier release or a copy made may not be."""
    if settings.STORAGE == "memory" or not (open_to := list(find_open_data())):
        return []
    return [
        Warning(
            f"Other accounts of this machine can enter or read {', '.join(open_to[:5])}.",
            hint=f"chmod -R go= {settings.DATA_DIR}",
            id="featurememory.W002",
        )
    ]


def find_open_data() -> Iterator[str]:
    """What lies in a data directory that others may enter, and is open to them."""
    top = Path(settings.DATA_DIR)
    if not top.is_dir() or not top.stat().st_mode & 0o077:
        return
    names = ("featurememory.sqlite3", "featurememory.sqlite3-wal", "secret_key", "uploads")
    for path in (top / name for name in (*names, "decisions")):
        with suppress(OSError):
            if path.stat().st_mode & 0o077:
                yield str(path)


@register(deploy=True)
def any_host_is_answered(**_: Any) -> list[CheckMessage]:
    if "*" in settings.ALLOWED_HOSTS:
        return [
            Warning(
                "FM_ALLOWED_HOSTS is *: every Host header is answered.",
                hint="Name the hosts users type.",
                id="featurememory.W001",
            )
        ]
    return []


@register()
def somebody_can_sign_in(**_: Any) -> list[CheckMessage]:
    if settings.PASSWORD_SIGN_IN or settings.OIDC or settings.SSO_HEADER:
        return []
    return [
        Error(
            "FM_PASSWORD_SIGN_IN=no leaves no way to sign in.",
            hint="Set FM_OIDC_ISSUER or FM_SSO_HEADER, or take it away.",
            id="featurememory.E004",
        )
    ]


@register()
def a_header_needs_a_proxy(**_: Any) -> list[CheckMessage]:
    if not settings.SSO_HEADER or settings.TRUSTED_PROXIES:
        return []
    return [
        Error(
            "FM_SSO_HEADER is set, but no proxy is trusted: nobody could sign in by it.",
            hint="Name the proxy's address in FM_TRUSTED_PROXIES.",
            id="featurememory.E005",
        )
    ]


@register(deploy=True)
def the_provider_is_reached_safely(**_: Any) -> list[CheckMessage]:
    if settings.OIDC and settings.OIDC.issuer.startswith("http:"):
        return [
            Warning(
                "FM_OIDC_ISSUER begins with http: whoever is in between can sign in as anybody.",
                id="featurememory.W003",
            )
        ]
    return []
