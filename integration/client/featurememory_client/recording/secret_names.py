"""Names under which keys and credentials are passed: what they hold is never recorded."""

from __future__ import annotations

import re
from functools import lru_cache

HIDDEN = "[hidden]"

_SECRET = re.compile(
    r"api[_-]?keys?$|(^|[_-])(authori[sz]ation|(auth|access|refresh|bearer|session|id|api)[_-]?token"
    r"|(client|app)?[_-]?secret([_-]?key)?|passw(or)?d|passphrase|(private|access)[_-]?key"
    r"|credentials?|cookies?)$",
    re.IGNORECASE,
)
_HEADERS = re.compile(r"(^|_)headers?$", re.IGNORECASE)
# What an error message may quote: provider keys, our own, and whatever was sent as a bearer.
_QUOTED = re.compile(r"\b(?:sk|pk|fm_(?:in|ro|rw|ad))[-_][\w-]{8,}|\bBearer\s+\S+")


@lru_cache(maxsize=2048)
def is_secret(name: str) -> bool:
    """Whether a value of this name is a credential.

    >>> is_secret("api_key"), is_secret("X-Api-Key"), is_secret("max_tokens")
    (True, True, False)
    """
    return bool(_SECRET.search(name))


@lru_cache(maxsize=2048)
def is_headers(name: str) -> bool:
    """Whether an argument, or an object, of this name is a set of HTTP headers."""
    return bool(_HEADERS.search(name))


def hide_quoted_keys(text: str) -> str:
    return _QUOTED.sub(HIDDEN, text)
