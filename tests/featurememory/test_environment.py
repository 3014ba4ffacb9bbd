"""The environment: what cannot be used stops the start with one clear line."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from featurememory.environment import (
    choose_memory_limit,
    configure_database,
    configure_memory_database,
    read_flag,
    read_integer,
    read_names,
    read_redis_url,
)

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.parametrize(
    ("text", "meant"), [("1", True), ("Yes", True), ("off", False), (" NO ", False)]
)
def test_yes_and_no_have_their_usual_spellings(
    text: str, meant: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FM_DEBUG", text)

    assert read_flag("FM_DEBUG", default=not meant) is meant


def test_what_is_not_set_or_empty_has_its_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FM_EMPTY", "")
    assert read_flag("FM_EMPTY", default=True) is True
    assert read_integer("FM_EMPTY", default=7, minimum=1) == 7
    assert read_flag("FM_NOT_SET", default=True) is True
    assert read_integer("FM_NOT_SET", default=7, minimum=1) == 7
    assert read_names("FM_NOT_SET", default=["a"]) == ["a"]


def test_lists_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FM_ALLOWED_HOSTS", " a.example , b.example,")

    assert read_names("FM_ALLOWED_HOSTS", default=[]) == ["a.example", "b.example"]


def test_without_a_url_the_database_is_sqlite_with_one_immediate_writer(tmp_path: Path) -> None:
    found = configure_database("", tmp_path / "data" / "fm.sqlite3")

    assert found["ENGINE"].endswith("sqlite3")
    assert found["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert "journal_mode=WAL" in found["OPTIONS"]["init_command"]


def test_a_postgresql_url_may_have_a_port_a_password_or_a_socket(tmp_path: Path) -> None:
    found = configure_database(
        "postgresql://me:p%40ss@db.example:5433/memory?sslmode=require", tmp_path
    )
    names = ("NAME", "USER", "PASSWORD", "HOST", "PORT")
    assert [found[name] for name in names] == ["memory", "me", "p@ss", "db.example", "5433"]
    assert found["OPTIONS"]["sslmode"] == "require"

    found = configure_database("postgres://me@/memory?host=/run/postgresql", tmp_path)
    assert (found["HOST"], found["PORT"]) == ("/run/postgresql", "")


@pytest.mark.parametrize("url", ["redis://h:6379/0", "rediss://h", "unix:///run/redis", ""])
def test_redis_urls_are_taken_as_they_are(url: str) -> None:
    assert read_redis_url(url) == url


UNUSABLE = {
    "FM_DEBUG": "maybe",
    "FM_BODY_LIMIT": "-1",
    "FM_BATCH_BODY_LIMIT": "16M",
    "FM_BATCH_ITEM_LIMIT": "0",
    "FM_REDIS_URL": "http://localhost",
    "FM_DATABASE_URL": "mysql://localhost/x",
    "FM_LOG_LEVEL": "LOUD",
    "FM_DATA_DIR": "/dev/null/data",
    "FM_STORAGE": "tape",
    "FM_MEMORY_LIMIT": "1",
}


@pytest.mark.parametrize(
    ("name", "value"),
    [*UNUSABLE.items(), ("FM_DATABASE_URL", "postgresql://me@host:port/x")],
)
def test_a_value_that_cannot_be_used_stops_the_start_with_one_line_that_names_it(
    name: str, value: str, tmp_path: Path
) -> None:
    usual = {key: text for key, text in os.environ.items() if not key.startswith("FM_")}
    environment = usual | {"FM_DATA_DIR": str(tmp_path), name: value}
    code = "import django; django.setup()"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment | {"DJANGO_SETTINGS_MODULE": "featurememory.settings"},
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"{name} cannot be used: ")


def test_a_container_with_little_memory_lowers_the_budget(tmp_path: Path) -> None:
    (tmp_path / "max").write_text("max")
    (tmp_path / "small").write_text(str(500 << 20))

    assert choose_memory_limit((str(tmp_path / "max"), str(tmp_path / "none"))) == 1 << 30
    assert choose_memory_limit((str(tmp_path / "small"),)) == 450 << 20


def test_a_database_in_memory_ends_at_its_limit_and_is_shared_by_name() -> None:
    found = configure_memory_database(4 << 20)
    name = f"file:/{os.urandom(8).hex()}?vfs=memdb"
    with (
        closing(sqlite3.connect(name, uri=True)) as one,
        closing(sqlite3.connect(name, uri=True)) as other,
    ):
        one.executescript(found["OPTIONS"]["init_command"] + "CREATE TABLE t (b)")
        with pytest.raises(sqlite3.OperationalError, match="full"):
            one.executemany("INSERT INTO t VALUES (?)", [(b"x" * 4000,)] * 2000)
        one.rollback()
        assert other.execute("SELECT count(*) FROM t").fetchone() == (0,)


def test_this_machine_itself_is_always_an_allowed_host(tmp_path: Path) -> None:
    code = (
        "import os; os.environ['FM_ALLOWED_HOSTS'] = 'memory.example';"
        "from featurememory import settings; print(*settings.ALLOWED_HOSTS)"
    )
    environment = os.environ | {"FM_DATA_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True
    )

    assert done.stdout.split() == ["memory.example", "localhost", "127.0.0.1", "[::1]"]


def run_settings(tmp_path: Path, **more: str) -> subprocess.CompletedProcess[str]:
    code = "import os; from featurememory import settings; print(settings.SECRET_KEY, oct(os.umask(0)))"
    given = {name: value for name, value in os.environ.items() if not name.startswith("FM_")}
    environment = given | {"FM_DATA_DIR": str(tmp_path / "data"), **more}
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True
    )


def test_a_secret_may_come_from_a_file_and_what_is_written_is_private(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("from-a-file\n")
    done = run_settings(tmp_path, FM_SECRET_KEY_FILE=str(secret))

    assert done.stdout.split() == ["from-a-file", "0o77"]
    assert (tmp_path / "data").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("more", [{"FM_SECRET_KEY": "both"}, {"FM_SECRET_KEY_FILE": "/nowhere"}])
def test_a_secret_file_that_cannot_be_used_stops_the_start(
    tmp_path: Path, more: dict[str, str]
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("x")
    done = run_settings(tmp_path, **{"FM_SECRET_KEY_FILE": str(secret), **more})

    assert done.returncode
    assert "FM_SECRET_KEY" in done.stderr
    assert "Traceback" not in done.stderr


def test_only_a_web_process_refuses_to_wait_long_for_a_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "postgresql://me@db.example/memory?options=-c%20work_mem%3D8MB"
    assert configure_database(url, tmp_path)["OPTIONS"]["options"] == "-c work_mem=8MB"

    monkeypatch.setenv("FM_SERVING", "web")
    found = configure_database(url, tmp_path)["OPTIONS"]["options"]
    assert found == "-c work_mem=8MB -c lock_timeout=7000"
    plain = configure_database("postgresql://me@db.example/memory", tmp_path)
    assert plain["OPTIONS"]["options"] == "-c lock_timeout=7000"
    assert "options" not in configure_database("", tmp_path / "f.sqlite3")["OPTIONS"]
