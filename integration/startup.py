"""Prepares a start: migrations, the first project with a key, the user admin, a login link."""

from __future__ import annotations

import os
import shlex
import sqlite3
import sys
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import connection

from featurememory.models import LoginLink, Project
from featurememory.process import struct_tables
from integration.models import ApiKey


@dataclass(frozen=True)
class StartResult:
    """What the start prints; `key` is None when the project already has keys, `login_token` without a
    terminal: a log is read by more people than may be admin."""

    project: Project
    key: str | None
    login_token: str | None


# Modules that define Struct types but are imported only by the first request or task.
LATE = (
    "patterns.recognition.repair_process",
    "patterns.api.patterns",
    "patterns.api.pattern_changes",
    "patterns.api.pattern_words",
    "patterns.api.recognition",
    "patterns.engine.grouping.free_text.embedders",
    "optimizations.engine.policy",
    "optimizations.engine.statistics.off_policy",
    "optimizations.api.optimizations",
    "optimizations.api.policy",
    "optimizations.api.registered_models",
    "optimizations.api.prepare",
    "optimizations.api.what_if",
    "optimizations.evaluation_sets.answers",
    "optimizations.views.interactions.payload_search",
    "patterns.storage.tag_blocks",
    "integration.learning.feedback",
    "integration.api.alerts",
    "integration.api.erasure",
    "integration.api.redaction",
    "integration.api.jobs",
    "integration.orchestrator",
)

# Keeps a database in memory alive while no request has a connection to it.
_anchor: list[sqlite3.Connection] = []


def build_struct_tables() -> int:
    """Build msgspec's type tables while there is a single thread; how many were built."""
    return struct_tables.build_tables(LATE)


def prepare_start(*, terminal: bool = True) -> StartResult:
    """Migrate the database and create what is missing. Runs at every start."""
    if settings.STORAGE == "memory" and not _anchor:
        name = settings.DATABASES["default"]["NAME"]
        _anchor.append(sqlite3.connect(name, uri=True, check_same_thread=False))
    migrate_database()
    project = ensure_project()
    user = ensure_admin_user()
    return StartResult(project, ensure_key(project), LoginLink.make(user) if terminal else None)


def migrate_database() -> None:
    """Run migrations; on PostgreSQL under a lock, because several processes may start at once."""
    if connection.vendor == "sqlite":
        call_command("migrate", interactive=False, verbosity=0)
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(7233071)")
        try:
            call_command("migrate", interactive=False, verbosity=0)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(7233071)")


def ensure_project() -> Project:
    name = os.environ.get("FM_INIT_PROJECT") or "default"
    try:
        return Project.named(name)
    except ValueError as error:
        raise CommandError(f"FM_INIT_PROJECT cannot be used: {error}") from error


def ensure_key(project: Project) -> str | None:
    """Create the first key of a project, FM_INIT_API_KEY or a new one; None when it has keys."""
    if project.keys.exists():
        return None
    if given := os.environ.get("FM_INIT_API_KEY"):
        # Before it is stored: else the next start would find a key and go on with the wrong one.
        if not given.startswith(f"fm_{ApiKey.KeyKind.ADMIN}_"):
            raise CommandError("FM_INIT_API_KEY cannot be used: it must begin with fm_ad_")
        try:
            ApiKey.register(project, given, "first key")
        except ValueError as error:
            raise CommandError(f"FM_INIT_API_KEY cannot be used: {error}") from error
        return given
    return ApiKey.create(project, ApiKey.KeyKind.ADMIN, "first key")[1]


def ensure_admin_user() -> object:
    users = get_user_model().objects
    exists = users.filter(username="admin").exists()
    password = None if exists else read_first_password()
    user, made = users.get_or_create(
        username="admin", defaults={"is_staff": True, "is_superuser": True}
    )
    if made:
        user.set_password(password) if password else user.set_unusable_password()
        user.save()
    return user


def read_first_password() -> str | None:
    """FM_INIT_ADMIN_PASSWORD, refused when it is easy to guess."""
    password = os.environ.get("FM_INIT_ADMIN_PASSWORD") or None
    try:
        if password:
            validate_password(password, get_user_model()(username="admin"))
    except ValidationError as error:
        why = " ".join(error.messages)
        raise CommandError(f"FM_INIT_ADMIN_PASSWORD cannot be used: {why}") from error
    return password


def format_announcement(ready: StartResult, url: str) -> str:
    """The text the start prints: address, login link, key, and a curl command."""
    place = f"data in {settings.DATA_DIR}"
    if settings.STORAGE == "memory":
        place = "all data in memory: LOST when this server stops"
    lines = [
        "",
        f"Feature Memory {settings.VERSION}   {place}",
        f"Address       {url}/",
        f"Sign in once  {format_login_link(ready.login_token, url)}",
    ]
    key = ready.key
    if key and key == os.environ.get("FM_INIT_API_KEY") and not ready.login_token:
        key = None  # a log is no place for a secret that was given
    if key:
        lines.append(f"API key       {key}   (shown once; project {ready.project.name})")
    curl = CURL.format(url=url, key=key or "YOUR_KEY")
    return "\n".join([*lines, "", "Send a first interaction:", curl, ""])


def format_login_link(token: str | None, url: str) -> str:
    """Where to sign in: the one-time link on a terminal, else how to get one."""
    if token:
        return f"{url}/login/once/{token}/   (for 15 minutes)"
    if settings.STORAGE == "memory":
        return f"{url}/login/   (with FM_INIT_ADMIN_PASSWORD)"
    return f"{name_command('login_link')} --url {url}   (prints a link; not printed into a log)"


def name_command(verb: str) -> str:
    """How to call a command of this installation: its Python, and its data folder when it is another."""
    python, here = Path(sys.executable), Path.cwd()
    known = python.relative_to(here) if python.is_relative_to(here) else python
    usual = settings.DATA_DIR == settings.BASE_DIR / "var"
    folder = "" if usual else f"FM_DATA_DIR={shlex.quote(str(settings.DATA_DIR))} "
    return f"{folder}{shlex.quote(str(known))} manage.py {verb}"


CURL = """  curl {url}/api/v1/interactions/ -H 'Authorization: Bearer {key}' \\
    -H 'Content-Type: application/json' -d '{{"model_id": "gpt-5-mini", \
"task_type": "support.order_status", "input": "Where is my order AB-104482?", \
"output": "It ships tomorrow.", "metadata": {{"timestamp": "2026-11-22T10:00:00Z", \
"duration": 812}}, "success": true}}'"""
