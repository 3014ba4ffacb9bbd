"""What `init` was given or found in the environment, checked once."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Optional

from featurememory_client.http.address import Address, parse_address

URL, KEY, DISABLED = "FEATURE_MEMORY_URL", "FEATURE_MEMORY_KEY", "FEATURE_MEMORY_DISABLED"
CAPTURES = ("full", "shapes")
OnError = Optional[Callable[[Exception], Any]]


class Settings(NamedTuple):
    """`address` is None when there is nothing to talk to; `problem` then says why, if it is one."""

    address: Address | None = None
    key: str = ""
    capture: str = "full"
    spool: Path | None = None
    timeout: float = 0.25
    max_queue: int = 10_000
    on_error: OnError = None
    problem: str = ""


def read_settings(
    url: str | None = None,
    key: str | None = None,
    environment: Mapping[str, str] = os.environ,
    **others: Any,
) -> Settings:
    """The settings of this process. What cannot be used turns everything off: nothing raises."""
    off = Settings(on_error=others.get("on_error"))
    if environment.get(DISABLED, "").strip().lower() not in ("", "0", "false", "no", "off"):
        return off
    url, key = url or environment.get(URL), key or environment.get(KEY)
    if not url and not key:
        return off
    try:
        return check_settings(url or "", key or "", **others)
    except (TypeError, ValueError, OverflowError) as error:
        return off._replace(problem=str(error))


def check_settings(
    url: str,
    key: str,
    capture: str = "full",
    spool: str | os.PathLike[str] | None = None,
    timeout: float = 0.25,
    max_queue: int = 10_000,
    on_error: OnError = None,
) -> Settings:
    if not url or not key:
        raise ValueError(f"set {URL} too" if key else f"set {KEY} too")
    if capture not in CAPTURES:
        # Guessing could send texts that were to stay here.
        raise ValueError(f"capture is one of {', '.join(CAPTURES)}, not {capture!r}")
    folder = Path(spool) if spool else None
    limit = max(1, int(max_queue))
    clean = check_key(key)
    return Settings(parse_address(url), clean, capture, folder, float(timeout), limit, on_error)


def check_key(key: str) -> str:
    """The key as it stands in a header; ValueError when it would end the header's line."""
    clean = key.strip()
    if not clean.isascii() or not clean.isprintable() or " " in clean:
        raise ValueError("the key holds characters that no key has")
    return clean
