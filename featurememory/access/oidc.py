"""Sign-in at an OpenID provider: authorization code with PKCE, state and nonce, by Authlib."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from featurememory.access.sso_accounts import SsoIdentity, SsoRefused
from featurememory.errors import ErrorCode, FeatureMemoryError, handle_feature_memory_error
from featurememory.sign_in_settings import OidcSettings

# Addresses and keys of the provider are read again after so many seconds; it answers within TIMEOUT_S.
KEPT_S, TIMEOUT_S = 600.0, 5.0
# Signed by the provider's private key. Others, "none" among them, prove nothing.
SIGNATURES = {f"{kind}{bits}" for kind in ("RS", "PS", "ES") for bits in (256, 384, 512)}
SIGNATURES |= {"EdDSA", "Ed25519"}
MOST_GROUPS = 1000
_kept: list[tuple[float, Any]] = []
_lock = threading.Lock()


class SsoFailed(FeatureMemoryError):
    """The provider cannot be reached, or what it answers does not hold."""

    def __init__(self, why: str, code: ErrorCode) -> None:
        super().__init__(f"Single sign-on did not work: {why}", code)


def provider() -> OidcSettings:
    """Where FM_OIDC_ISSUER is set; views ask for that first."""
    assert settings.OIDC is not None
    return settings.OIDC


@contextmanager
def explained() -> Iterator[None]:
    """What Authlib and the network raise, as SsoFailed; details go to the log only."""
    from authlib.common.errors import AuthlibBaseError
    from joserfc.errors import JoseError
    from requests import RequestException

    try:
        yield
    except RequestException as error:
        why = "the provider cannot be reached. Try again in a moment."
        raise SsoFailed(why, ErrorCode.OVERLOADED) from error
    except (AuthlibBaseError, JoseError, ValueError, KeyError, TypeError, RuntimeError) as error:
        # Nothing of it is shown: a description may come from anybody who makes a link.
        handle_feature_memory_error(FeatureMemoryError(repr(error)[:300], ErrorCode.FORBIDDEN))
        why = "the answer of the provider does not fit. Try again from here."
        raise SsoFailed(why, ErrorCode.FORBIDDEN) from error


def find_app() -> Any:
    """Authlib's client for the provider, with what the provider says of itself."""
    with _lock:
        if _kept and time.monotonic() - _kept[0][0] < KEPT_S:
            return _kept[0][1]
        app = make_app()
        _kept[:] = [(time.monotonic(), app)]
        return app


def make_app() -> Any:
    from authlib.integrations.django_client import DjangoIntegration, DjangoOAuth2App

    oidc = provider()
    app = DjangoOAuth2App(
        DjangoIntegration("oidc"),
        name="oidc",
        client_id=oidc.client_id,
        client_secret=oidc.secret or None,
        server_metadata_url=oidc.discovery,
        client_kwargs={
            "scope": oidc.scopes,
            "code_challenge_method": "S256",
            "default_timeout": TIMEOUT_S,
        },
    )
    told = app.load_server_metadata()
    if str(told.get("issuer", "")).rstrip("/") != oidc.issuer.rstrip("/"):
        raise ValueError(f"the provider calls itself {told.get('issuer')!r}, not FM_OIDC_ISSUER")
    offered = told.get("id_token_signing_alg_values_supported") or ["RS256"]
    told["id_token_signing_alg_values_supported"] = [a for a in offered if a in SIGNATURES]
    return app


def forget_provider() -> None:
    with _lock:
        _kept.clear()


def begin_sign_in(request: HttpRequest, callback: str) -> HttpResponse:
    """Leads the browser to the provider."""
    with explained():
        answer: HttpResponse = find_app().authorize_redirect(request, callback)
    return answer


def find_sign_out(back: str) -> str | None:
    """Where the provider ends its own session, and leads back to `back`; None where it tells no such place.
    Raises SsoFailed."""
    with explained():
        place = str(find_app().server_metadata.get("end_session_endpoint") or "")
    if urlsplit(place).scheme not in ("https", "http"):
        return None
    asked = urlencode({"client_id": provider().client_id, "post_logout_redirect_uri": back})
    return f"{place}{'&' if '?' in place else '?'}{asked}"


def finish_sign_in(request: HttpRequest) -> SsoIdentity:
    """Who has come back from there. Raises SsoFailed, or SsoRefused with what to do."""
    with explained():
        app = find_app()
        issuer = app.server_metadata["issuer"]
        expected = {
            "iss": {"essential": True, "values": [issuer]},
            "aud": {"essential": True, "values": [provider().client_id]},
        }
        token = app.authorize_access_token(request, claims_options=expected)
        claims = dict(token["userinfo"])
        claims = complete_claims(claims, app.server_metadata, lambda: app.userinfo(token=token))
    return read_identity(claims)


def complete_claims(
    claims: dict[str, Any], told: Mapping[str, Any], ask: Callable[[], Mapping[str, Any]]
) -> dict[str, Any]:
    """Some providers tell the e-mail address or groups only when they are asked once more."""
    oidc = provider()
    wanted = {oidc.name_claim}
    wanted |= {oidc.groups_claim} if settings.SSO_GROUP_ROLES else set()
    wanted |= {"email", "email_verified"} if oidc.domains else set()
    if wanted <= claims.keys() or not told.get("userinfo_endpoint"):
        return claims
    more = dict(ask())
    if more.get("sub") != claims["sub"]:
        raise ValueError("the provider tells of somebody else")
    return more | claims


def read_identity(claims: Mapping[str, Any]) -> SsoIdentity:
    oidc, subject = provider(), str(claims.get("sub") or "")
    if not 0 < len(subject) <= 255 or "\x00" in subject:
        raise SsoRefused("Single sign-on gives no usable subject.")
    check_domain(claims)
    name = str(claims.get(oidc.name_claim) or "").strip()
    if oidc.name_claim == "email" and claims.get("email_verified") is False:
        raise SsoRefused("Verify your e-mail address at the provider first.")
    groups = claims.get(oidc.groups_claim) or ()
    listed = [groups] if isinstance(groups, str) else groups
    usable = [one for one in listed if isinstance(one, str)] if isinstance(listed, list) else []
    return SsoIdentity(oidc.issuer, subject, name, frozenset(usable[:MOST_GROUPS]))


def check_domain(claims: Mapping[str, Any]) -> None:
    """FM_OIDC_DOMAINS holds for addresses the provider has verified; one that says nothing has not."""
    domains = provider().domains
    if not domains:
        return
    verified = claims.get("email_verified") in (True, "true")
    domain = str(claims.get("email") or "").lower().rpartition("@")[2]
    if not verified or domain not in domains:
        raise SsoRefused(
            f"This server is for verified e-mail addresses of {', '.join(domains)} (FM_OIDC_DOMAINS)."
        )
