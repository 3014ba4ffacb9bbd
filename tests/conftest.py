"""Servers for the tests that want a real one, and the choice of tests for the run on PostgreSQL."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connections

from featurememory.models import Project
from tests import servers
from tests.builders import Caller, caller, project

DATABASE_FIXTURES = {"db", "transactional_db", "live_server"}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL only tests that use the database say anything new; see tests/suite.py."""
    if os.environ.get("FM_TEST_DATABASE") != "postgresql":
        return
    config.hook.pytest_deselected(items=[item for item in items if not uses_database(item)])
    items[:] = [item for item in items if uses_database(item)]


def uses_database(item: pytest.Item) -> bool:
    if "browser" in item.path.parts:
        return False
    fixtures = set(getattr(item, "fixturenames", ()))
    return bool(item.get_closest_marker("django_db") or fixtures & DATABASE_FIXTURES)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """SQLite in a file, as in production: one in memory does not serve several threads alike."""
    default = connections["default"]
    if default.vendor == "sqlite":
        path = tmp_path_factory.mktemp("database") / "test.sqlite3"
        default.settings_dict["TEST"]["NAME"] = str(path)


@pytest.fixture(autouse=True)
def _a_fresh_process() -> None:
    """What a process keeps for seconds must not reach from one test into the next."""
    from featurememory.config import forget_config
    from integration.api.authentication import known_keys
    from patterns.ingest.backpressure import admission
    from patterns.ingest.wakeup import work_waits
    from patterns.recognition.recognizer_cache import recognizers
    from patterns.storage import payloads

    cache.clear()
    admission.reset()
    forget_config()
    known_keys.clear()
    recognizers.drop()
    payloads.forget_dictionaries()
    work_waits.clear()


@pytest.fixture(autouse=True)
def _plain_static(settings: Any) -> None:
    """Pages name their static files as they are: nothing is collected for the tests."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """pytest-django's, but threads that still hold a session do not keep the database alive."""
    yield
    from django.db import connection

    if connection.vendor == "postgresql":
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """URL of a PostgreSQL of this run; `servers.create_database` makes an empty one on it."""
    with servers.postgresql() as url:
        yield url


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    if not servers.redis_is_installed():
        pytest.skip("redis-server is not installed (Debian: apt install redis-server)")
    with servers.redis() as url:
        yield url


@pytest.fixture
def owner() -> Project:
    """The project of a test. Needs the mark `django_db`."""
    return project("shop")


@pytest.fixture
def api(owner: Project) -> Caller:
    """Calls the API for the project of the test; may read, write and edit patterns."""
    return caller(owner, "rw")
