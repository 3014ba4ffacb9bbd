"""Only hosts that the environment names are called, and private addresses only when they are named."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from featurememory import outgoing
from featurememory.config import patch_config
from featurememory.errors import FeatureMemoryError
from patterns.recognition.recognizer_cache import permit_embedding, read_settings
from tests.builders import limit, project


@pytest.fixture(autouse=True)
def _names(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name server of our own."""
    known = {"public.example": "93.184.216.34", "inside.example": "10.0.0.7"}

    def look_up(host: str, port: int, **_: Any) -> Any:
        if host not in known:
            try:
                socket.inet_pton(socket.AF_INET6 if ":" in host else socket.AF_INET, host)
            except OSError:
                raise OSError("unknown host") from None
        return [(0, 0, 0, "", (known.get(host, host), port))]

    monkeypatch.setattr("featurememory.outgoing.socket.getaddrinfo", look_up)
    outgoing._looked_up.clear()


def refusal(url: str, *allowed: str) -> str:
    return outgoing.find_refusal(url, allowed, "FM_X") or ""


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "127.0.0.1", "[::1]", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1"),
        *("169.254.169.254", "100.64.0.1", "[fe80::1]", "[fd00::1]", "[::ffff:10.0.0.1]"),
        *("2130706433", "0x7f.0.0.1", "public.example", "93.184.216.34"),
    ],
)
def test_what_is_not_named_is_refused(host: str) -> None:
    assert "not among FM_X" in refusal(f"https://{host}:8080/v1")
    assert "not among FM_X" in refusal(f"https://{host}:8080/v1", "other.example")


def test_a_named_host_is_called_when_its_addresses_are_public_or_named_too() -> None:
    assert refusal("https://public.example/v1", "Public.example") == ""
    assert refusal("https://public.example/v1", "*.example") == ""
    assert "private address" in refusal("https://inside.example/v1", "inside.example")
    assert refusal("https://inside.example/v1", "inside.example", "10.0.0.0/8") == ""
    assert refusal("http://127.0.0.1:11434/v1", "127.0.0.1") == ""
    assert refusal("http://[::1]:11434/v1", "::1") == ""
    assert "no address" in refusal("https://gone.example", "gone.example")


@pytest.mark.parametrize(
    "url",
    [
        *("https://me:hidden@public.example/v1", "https://me@public.example/"),
        *("file:///etc/passwd", "gopher://public.example/", "https://", "https://[", "x"),
    ],
)
def test_users_passwords_and_other_schemes_are_refused_without_repeating_them(url: str) -> None:
    found = refusal(url, "public.example")

    assert found
    assert "hidden" not in found


@pytest.mark.django_db
def test_a_project_takes_only_what_the_environment_names(settings: Any) -> None:
    owner = project()
    asked = {
        "embedder": "endpoint",
        "embedder_url": "https://public.example/v1",
        "embedder_model": "m",
    }
    with pytest.raises(FeatureMemoryError, match="FM_EMBEDDER_HOSTS"):
        patch_config(owner.pk, {"patterns": asked}, "ada")

    settings.EMBEDDER_HOSTS = ["public.example"]
    assert patch_config(owner.pk, {"patterns": asked}, "ada").embedder == "endpoint"


@pytest.mark.django_db
def test_the_key_follows_what_is_allowed_now(settings: Any) -> None:
    owner = project()
    settings.EMBEDDER_KEY = "sk-secret"
    url = "https://public.example/v1"
    values = {"embedder": "endpoint", "embedder_url": url, "embedder_model": "m"}
    limit(owner, **values)

    assert read_settings(owner.pk).embedder_key == ""
    assert permit_embedding(read_settings(owner.pk).embedding)[0] == "lexical"
    settings.EMBEDDER_HOSTS = ["public.example"]
    assert read_settings(owner.pk).embedder_key == "sk-secret"
    assert permit_embedding(read_settings(owner.pk).embedding)[0] == "endpoint"


@pytest.mark.django_db
def test_other_thresholds_can_still_be_changed_beside_a_url_from_before() -> None:
    owner = project()
    values = {"embedder_url": "https://public.example/v1"}
    limit(owner, **values)

    assert patch_config(owner.pk, {"patterns": {"max_patterns": 7}}, "ada").max_patterns == 7
