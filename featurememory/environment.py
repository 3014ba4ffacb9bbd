"""Reads FM_… environment variables; an invalid value stops the start with one line."""

from __future__ import annotations

import ipaddress
import logging
import os
import re
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import parse_qsl, unquote, urlsplit

YES, NO = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}

SECRETS = {"FM_SECRET_KEY", "FM_DATABASE_URL", "FM_REDIS_URL", "FM_EMBEDDER_KEY"}
SECRETS |= {"FM_INIT_ADMIN_PASSWORD", "FM_INIT_API_KEY", "FM_OIDC_CLIENT_SECRET"}


def refuse_value(name: str, why: str) -> NoReturn:
    raise SystemExit(f"{name} cannot be used: {why}")


def load_secret_files() -> None:
    """FM_…_FILE names a file with the value of FM_…: what containers mount as secrets."""
    for name in sorted(SECRETS):
        path = os.environ.get(f"{name}_FILE")
        if not path:
            continue
        if os.environ.get(name):
            refuse_value(name, f"{name}_FILE is set too; set one of them")
        try:
            os.environ[name] = Path(path).read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            refuse_value(f"{name}_FILE", f"{path} cannot be read: {error}")


def read_flag(name: str, *, default: bool) -> bool:
    text = os.environ.get(name, "").strip().lower()
    if not text:
        return default
    if text not in YES | NO:
        refuse_value(name, f"{text!r} is neither yes nor no")
    return text in YES


def read_integer(name: str, *, default: int, minimum: int) -> int:
    text = os.environ.get(name)
    if not text:
        return default
    if not text.isdecimal() or int(text) < minimum:
        refuse_value(name, f"{text!r} is no whole number of at least {minimum}")
    return int(text)


def read_names(name: str, *, default: list[str]) -> list[str]:
    text = os.environ.get(name, "")
    return [part.strip() for part in text.split(",") if part.strip()] or default


def read_networks(name: str) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    """Addresses and networks, comma-separated."""
    found = []
    for text in read_names(name, default=[]):
        try:
            found.append(ipaddress.ip_network(text, strict=False))
        except ValueError:
            refuse_value(name, f"{text!r} is no address or network, like 10.0.0.2 or 10.0.0.0/8")
    return found


def read_base_path(name: str) -> str:
    """`/memory`, however its slashes are given; empty for the root of the host."""
    text = os.environ.get(name, "").strip().strip("/")
    if text and not re.fullmatch(r"[A-Za-z0-9._~-]+(/[A-Za-z0-9._~-]+){0,7}", text):
        refuse_value(name, f"{text!r} is no path like /memory")
    return f"/{text}" if text else ""


# Files with a container's memory limit on Linux (cgroup v2, v1).
CGROUPS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def choose_memory_limit(places: tuple[str, ...] = CGROUPS) -> int:
    """1 GiB, or nine tenths of the container's limit where that is less; at least 128 MiB."""
    limits = [1 << 30]
    for place in places:
        with suppress(OSError, ValueError):  # no container, or "max"
            limits.append(int(Path(place).read_text()) * 9 // 10)
    return max(128 << 20, min(limits))


def read_choice(name: str, *, among: tuple[str, ...]) -> str:
    """One of a few words; the first is the default."""
    text = (os.environ.get(name) or among[0]).strip().lower()
    if text not in among:
        refuse_value(name, f"{text!r} is not among {', '.join(among)}")
    return text


def read_log_level(name: str, *, default: str) -> str:
    text = (os.environ.get(name) or default).upper()
    if text not in logging.getLevelNamesMapping():
        refuse_value(name, f"{text!r} is no log level, like INFO or WARNING")
    return text


def prepare_data_dir(name: str, *, default: Path, make: bool = True) -> Path:
    """The directory, created when missing."""
    path = Path(os.environ.get(name) or default).absolute()
    if not make:
        return path
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        refuse_value(name, f"{path} is no directory and cannot become one: {error.strerror}")
    return path


def read_redis_url(url: str) -> str:
    if url and urlsplit(url).scheme not in {"redis", "rediss", "unix"}:
        refuse_value("FM_REDIS_URL", f"{url!r} does not begin with redis://")
    return url


# WAL: readers never wait for the writer. NORMAL: a commit survives the death of the process
# (not a power cut at that moment). 8 kB pages: payload rows are larger than SQLite's default.
# 4 MB of pages a connection: each of 16 threads has one, and the system caches the file once for all.
# The log is written back at 4 MB, half of SQLite's default: it counts towards `storage.max_size`.
SQLITE_PRAGMAS = """
    PRAGMA page_size=8192; PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL;
    PRAGMA synchronous=NORMAL; PRAGMA cache_size=-4000; PRAGMA temp_store=MEMORY;
    PRAGMA wal_autocheckpoint=512; PRAGMA journal_size_limit=8388608;
"""


# An in-memory database shared by the connections of one process; it ends with the last of them.
MEMORY_DATABASE = "file:/featurememory?vfs=memdb"
MEMORY_PAGE = 8192
MEMORY_PRAGMAS = f"""
    PRAGMA page_size={MEMORY_PAGE}; PRAGMA auto_vacuum=INCREMENTAL; PRAGMA cache_size=-2000;
    PRAGMA temp_store=MEMORY;
"""


def configure_memory_database(limit: int) -> dict[str, Any]:
    """Django's DATABASES entry for an in-memory database of at most `limit` bytes."""
    if sqlite3.sqlite_version_info < (3, 36):
        refuse_value(
            "FM_STORAGE", f"memory needs SQLite 3.36, this Python has {sqlite3.sqlite_version}"
        )
    pages = f"PRAGMA max_page_count={limit // MEMORY_PAGE};"
    options = {
        "transaction_mode": "IMMEDIATE",
        "init_command": MEMORY_PRAGMAS + pages,
        "timeout": 20,
    }
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": MEMORY_DATABASE,
        "OPTIONS": options,
        "CONN_MAX_AGE": None,
    }


def configure_database(url: str, sqlite_path: Path) -> dict[str, Any]:
    """Django's DATABASES entry for a postgresql:// URL; SQLite under the data directory without."""
    if not url:
        sqlite_path.parent.mkdir(parents=True, exist_ok=True)
        options = {
            "transaction_mode": "IMMEDIATE",
            "init_command": SQLITE_PRAGMAS,
            "timeout": 20,
        }
        # Connections stay open: opening one and its pragmas cost more than a small request.
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": sqlite_path,
            "OPTIONS": options,
            "CONN_MAX_AGE": None,
        }
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        refuse_value("FM_DATABASE_URL", f"only postgresql:// URLs are known, not {parts.scheme}://")
    try:
        return configure_postgresql(url)
    except ValueError as error:  # a port that is no number
        refuse_value("FM_DATABASE_URL", str(error))


# A request waits so long for a row that another process holds, and is then refused (503): a worker that was
# stopped in the middle of a transaction would hold it up for ever.
LOCK_MS = 7000


def configure_postgresql(url: str) -> dict[str, Any]:
    """libpq URLs: a socket directory may stand in the query (?host=/run/postgresql)."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    host = query.pop("host", None) or unquote(parts.hostname or "")
    if os.environ.get("FM_SERVING") == "web":
        query["options"] = f"{query.get('options', '')} -c lock_timeout={LOCK_MS}".strip()
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "featurememory",
        "USER": unquote(parts.username or query.pop("user", "")),
        "PASSWORD": unquote(parts.password or query.pop("password", "")),
        "HOST": host,
        "PORT": str(parts.port or query.pop("port", "")),
        "OPTIONS": {"pool": {"min_size": 1, "max_size": 12}, **query},
    }
