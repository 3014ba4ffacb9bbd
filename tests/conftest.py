"""Servers for the tests that want a real one, and the choice of tests for the run on PostgreSQL."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests import servers

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
