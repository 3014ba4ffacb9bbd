"""The data of an earlier version: the present code migrates it, shows it and goes on learning."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import zstandard

from tests import servers

ROOT = Path(__file__).resolve().parent.parent
FIXTURES = ROOT / "tests" / "fixtures"
KEY = "fm_ad_upgrade00001_uPgRaDeTestKeySecret0001"


def unpacked(name: str) -> bytes:
    data = (FIXTURES / name).read_bytes()
    return zstandard.ZstdDecompressor().decompressobj().decompress(data)


def on_sqlite(home: Path, request: pytest.FixtureRequest) -> dict[str, str]:
    (home / "featurememory.sqlite3").write_bytes(unpacked("data-of-2cc80ff.sqlite3.zst"))
    return {}


def on_postgresql(home: Path, request: pytest.FixtureRequest) -> dict[str, str]:
    import psycopg

    url = servers.create_database(request.getfixturevalue("postgresql_server"), "upgrade")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(unpacked("data-of-2cc80ff.postgresql.sql.zst"))
    return {"FM_DATABASE_URL": url}


@pytest.fixture(scope="module", params=[on_sqlite, on_postgresql])
def found(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """What the present code found in the old data, and did with it; see `tests/upgraded.py`."""
    home = tmp_path_factory.mktemp("upgrade")
    given = {name: value for name, value in os.environ.items() if not name.startswith("FM_")}
    given |= {"FM_DATA_DIR": str(home), "FM_INIT_PROJECT": "shop"}
    environment = given | request.param(home, request)
    command = [sys.executable, "-m", "tests.upgraded", KEY]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def test_every_page_shows_it(found: dict[str, Any]) -> None:
    assert set(found["pages"].values()) == {200}


def test_the_old_key_reads_patterns_labels_and_optimizations(found: dict[str, Any]) -> None:
    assert not found["made_a_key"]
    assert found["interactions"] == 60
    uses = {row["task_type"]: row["metadata"]["use_count"] for row in found["before"].values()}
    assert uses == {"shop.order": 12, "shop.refund": 12, "web.log": 12, "shop.post": 24}
    order = found["before"][found["order"]]
    assert (order["label"], order["pinned"], order["status"]) == ("Orders", True, "validated")
    assert [row["params"] for row in found["optimizations"]] == [{"model_id": "large"}]


def test_further_interactions_are_learned_into_the_old_patterns(found: dict[str, Any]) -> None:
    assert found["match"]["pattern_id"] == found["order"]
    assert found["posted"] == [201] * 12
    assert found["learned"] == 12
    assert found["after"].keys() == found["before"].keys()
    assert found["after"][found["order"]]["metadata"]["use_count"] == 24


def test_a_repair_keeps_ids_labels_and_counts(found: dict[str, Any]) -> None:
    order = found["at_the_end"][found["order"]]

    assert found["repaired"]
    assert (order["label"], order["metadata"]["use_count"]) == ("Orders", 24)
