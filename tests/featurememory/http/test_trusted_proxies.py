"""Forwarded headers count from trusted proxies only."""

from __future__ import annotations

import ipaddress
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from featurememory.http.trusted_proxies import TrustedProxies

ROOT = Path(__file__).resolve().parents[3]
PROXY = ipaddress.ip_network("10.0.0.0/8")


def seen(peer: str, chain: str = "", *, https: bool = False, **forwarded: str) -> dict[str, Any]:
    """What the application sees of a request from this peer with X-Forwarded-… headers."""
    found: dict[str, Any] = {}

    def application(environ: dict[str, Any], _: Any) -> Iterable[bytes]:
        found.update(environ)
        return []

    forwarded["for"] = chain
    headers = {f"HTTP_X_FORWARDED_{name.upper()}": value for name, value in forwarded.items()}
    environ = {"REMOTE_ADDR": peer, "wsgi.url_scheme": "http", "HTTP_HOST": "inner:8000", **headers}
    environ["HTTP_X_REMOTE_USER"] = "lea"
    TrustedProxies(application, [PROXY], https=https, names={"X_REMOTE_USER": "sso"})(environ, None)
    return found


def test_a_trusted_proxy_tells_client_scheme_and_host() -> None:
    found = seen("10.0.0.1", "203.0.113.9", proto="https", host="memory.example:8443")

    assert found["REMOTE_ADDR"] == "203.0.113.9"
    assert found["wsgi.url_scheme"] == "https"
    assert found["HTTP_HOST"] == "memory.example:8443"


def test_anybody_else_tells_nothing() -> None:
    found = seen("203.0.113.9", "10.9.9.9", proto="https", host="evil.example")

    assert (found["REMOTE_ADDR"], found["HTTP_HOST"]) == ("203.0.113.9", "inner:8000")
    assert found["wsgi.url_scheme"] == "http"
    assert not [name for name in found if name.startswith("HTTP_X_FORWARDED")]


def test_only_a_trusted_proxy_names_people() -> None:
    assert seen("10.0.0.1")["sso"] == "lea"
    assert "sso" not in seen("203.0.113.9")
    assert "sso" not in seen("203.0.113.9", "10.0.0.1")
    assert "HTTP_X_REMOTE_USER" not in seen("10.0.0.1") | seen("203.0.113.9")


@pytest.mark.parametrize(
    ("chain", "client"),
    [
        ("198.51.100.1, 203.0.113.9", "203.0.113.9"),  # the first may be made up
        ("203.0.113.9, 10.0.0.2", "203.0.113.9"),
        ("203.0.113.9:4711", "203.0.113.9"),
        ('"[2001:db8::1]:4711"', "2001:db8::1"),
        ("nonsense", "10.0.0.1"),
        ("nonsense, 10.0.0.2", "10.0.0.2"),
        ("", "10.0.0.1"),
    ],
)
def test_the_client_is_the_nearest_address_that_is_no_proxy(chain: str, client: str) -> None:
    assert seen("10.0.0.1", chain)["REMOTE_ADDR"] == client


def test_with_https_everything_counts_as_https() -> None:
    assert seen("203.0.113.9", https=True)["wsgi.url_scheme"] == "https"
    assert seen("10.0.0.1", https=True, proto="http")["wsgi.url_scheme"] == "https"


ASK = """
from featurememory import settings as s
print(s.SECURE_HSTS_SECONDS > 0, s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE,
      "https://*.memory.example" in s.CSRF_TRUSTED_ORIGINS, s.TRUSTED_PROXIES)
"""


def told_by_settings(folder: Path, **given: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FM_")}
    environment |= {"FM_DATA_DIR": str(folder), **given}
    command = [sys.executable, "-c", ASK]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)


def test_behind_tls_cookies_are_secure_and_browsers_keep_to_it(tmp_path: Path) -> None:
    given = {"FM_HTTPS": "yes", "FM_ALLOWED_HOSTS": ".memory.example"}

    found = told_by_settings(tmp_path, **given, FM_TRUSTED_PROXIES="10.0.0.0/8")

    assert found.stdout.strip() == "True True True True [IPv4Network('10.0.0.0/8')]"


def test_a_proxy_that_is_no_address_stops_the_start(tmp_path: Path) -> None:
    found = told_by_settings(tmp_path, FM_TRUSTED_PROXIES="proxy")

    assert found.returncode
    assert "FM_TRUSTED_PROXIES cannot be used: 'proxy' is no address" in found.stderr
