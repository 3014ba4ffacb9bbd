"""What a proxy says about a request, believed only from the addresses in FM_TRUSTED_PROXIES.

A wrapper of the WSGI application, so that everything above it, middleware included, sees one truth.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django.conf import settings

from featurememory.http.base_path import enter_base_path, is_base_path

Environ = dict[str, Any]
Application = Callable[[Environ, Any], Iterable[bytes]]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
# As featurememory/access/header_sign_in.py reads them; imported, it would need the models already.
USER, GROUPS = "featurememory.sso_user", "featurememory.sso_groups"
FORWARDED = ("FOR", "PROTO", "HOST", "PREFIX", "PORT", "SERVER")


class TrustedProxies:
    """Takes client address, scheme, host and base path from the headers of trusted proxies; those of
    anybody else are dropped. `https`: everything counts as HTTPS."""

    def __init__(
        self,
        application: Application,
        trusted: Sequence[Network],
        *,
        https: bool,
        names: Mapping[str, str] | None = None,
        base: str = "",
    ) -> None:
        """`names`: under which names other headers of these proxies are handed on, by header. `base`:
        the path everything lives under, unless a proxy names another."""
        self.application, self.trusted, self.https, self.base = application, trusted, https, base
        self.names = dict(names or {})

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        headers = {name: environ.pop(f"HTTP_X_FORWARDED_{name}", "") for name in FORWARDED}
        environ.pop("HTTP_FORWARDED", None)
        told = {name: environ.pop(f"HTTP_{header}", "") for header, name in self.names.items()}
        base = self.base
        if self.is_trusted(str(environ.get("REMOTE_ADDR", ""))):
            self.apply(environ, headers)
            named = last(headers["PREFIX"]).rstrip("/")
            base = named if is_base_path(named) else base
            environ.update({name: value for name, value in told.items() if value})
        if base:
            enter_base_path(environ, base)
        if self.https:
            environ["wsgi.url_scheme"] = "https"
        return self.application(environ, start_response)

    def apply(self, environ: Environ, headers: dict[str, str]) -> None:
        """The last value of each header counts: the one the nearest proxy has added."""
        environ["REMOTE_ADDR"] = self.find_client(environ["REMOTE_ADDR"], headers["FOR"])
        if (scheme := last(headers["PROTO"]).lower()) in ("http", "https"):
            environ["wsgi.url_scheme"] = scheme
        if host := last(headers["HOST"]):
            environ["HTTP_HOST"] = host

    def find_client(self, peer: str, forwarded: str) -> str:
        """The nearest address that is no trusted proxy; what stands before it anybody may have written."""
        client = peer
        for text in reversed(forwarded.split(",")[-20:]):
            address = parse_address(text)
            if address is None:
                break
            client = str(address)
            if not self.is_trusted(client):
                break
        return client

    def is_trusted(self, text: str) -> bool:
        address = parse_address(text)
        return address is not None and any(address in network for network in self.trusted)


def last(value: str) -> str:
    return value.rpartition(",")[2].strip()


def parse_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """An address as proxies write it: also `1.2.3.4:5678` and `[::1]:5678`."""
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def trust_proxies(application: Application) -> TrustedProxies:
    given = {settings.SSO_HEADER: USER, settings.SSO_GROUPS_HEADER: GROUPS}
    names = {header: name for header, name in given.items() if header}
    return TrustedProxies(
        application,
        settings.TRUSTED_PROXIES,
        https=settings.HTTPS,
        names=names,
        base=settings.BASE_PATH,
    )
