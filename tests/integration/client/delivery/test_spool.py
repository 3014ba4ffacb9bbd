"""The spool: what cannot be sent waits on disk, for this process or the next."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path
from typing import Any

import featurememory_client as fm
import pytest
from featurememory_client import runtime
from featurememory_client.delivery import spool as spools

from tests.integration.client.fake_server import FakeServer, dead_url, wait_for

job = fm.remember(task_type="t", model_id="m")(lambda q: q)


def start_anew(url: str, folder: Path, **more: Any) -> None:
    """As another process would: nothing is known but the folder."""
    runtime.get_process().client = None
    fm.init(url, "k", spool=folder, **more)


def end() -> None:
    """As at the end of the process."""
    client = runtime.get_client()
    assert client is not None
    client.close(deadline=0.0)
    client.retire()


def test_a_full_queue_goes_to_the_spool_and_comes_back(server: FakeServer, tmp_path: Path) -> None:
    up: list[bool] = []
    server.answer = lambda path, body: None if up else (503, {}, {})
    fm.init(server.url, "k", spool=tmp_path, max_queue=50)
    for number in range(120):
        job(f"call {number}.")
        time.sleep(0.001)
    wait_for(lambda: fm.stats()["spooled"] >= 50)
    stats = fm.stats()
    assert stats["spooled"] + stats["queued"] == 120
    up.append(True)

    assert fm.flush(10)
    assert len(server.found("call")) == 120
    assert (fm.stats()["sent"], fm.stats()["spooled"], fm.stats()["dropped"]) == (120, 0, 0)
    assert list(tmp_path.iterdir()) == []


def test_what_is_left_at_the_end_is_sent_by_the_next_process(
    server: FakeServer, tmp_path: Path
) -> None:
    fm.init(dead_url(), "k", spool=tmp_path)
    for number in range(30):
        job(f"call {number}.")
    fm.feedback(session_id="s", score=1)
    end()
    assert (fm.stats()["spooled"], fm.stats()["dropped"]) == (30, 0)

    start_anew(server.url, tmp_path)

    assert fm.flush(5)
    assert len(server.found("call")) == 30
    assert len(server.feedback) == 1
    assert fm.stats()["recovered"] == 30
    assert fm.stats()["sent"] == 0
    assert list(tmp_path.iterdir()) == []


def test_without_a_spool_it_is_counted_as_dropped() -> None:
    fm.init(dead_url(), "k")
    job("hello")
    end()

    assert (fm.stats()["queued"], fm.stats()["dropped"]) == (0, 1)


def test_what_may_have_arrived_is_spooled_under_the_same_id(
    tarpit: Any, server: FakeServer, tmp_path: Path
) -> None:
    fm.init(tarpit.url, "k", spool=tmp_path)
    with fm.interaction(task_type="t", model_id="m", input="q") as call:
        call.output = "a"
    time.sleep(0.2)  # it is on its way
    end()
    start_anew(server.url, tmp_path)

    assert fm.flush(5)
    assert server.one()["id"] == call.id


def test_a_flush_that_cannot_empty_the_spool_says_so(tmp_path: Path) -> None:
    fm.init(dead_url(), "k", spool=tmp_path)
    job("hello")
    end()
    start_anew(dead_url(), tmp_path)

    assert fm.flush(0.3) is False
    assert len(list(tmp_path.glob("*.ndjson"))) == 1


def test_two_processes_do_not_send_the_same_file(tmp_path: Path) -> None:
    first, second = spools.Spool(tmp_path, "k"), spools.Spool(tmp_path, "k")
    first.write([b"{}"], [True])
    claimed = second.claim_next()

    assert claimed is not None
    assert first.claim_next() is None


def test_a_file_left_by_a_process_that_died_while_sending_is_found_again(tmp_path: Path) -> None:
    spool = spools.Spool(tmp_path, "k")
    spool.write([b"{}"], [True])
    file = spool.claim_next()
    assert file is not None
    long_ago = time.time() - spools.CLAIM_S - 1
    os.utime(file.path, (long_ago, long_ago))

    found = spools.Spool(tmp_path, "k").claim_next()
    assert found is not None
    assert found.read() == [b"{}"]


def test_a_file_on_its_way_at_the_end_is_free_for_the_next_process(
    server: FakeServer, tarpit: Any, tmp_path: Path
) -> None:
    spools.Spool(tmp_path, "k").write([b'{"id": "1", "input": "old"}'], [True])
    fm.init(tarpit.url, "k", spool=tmp_path)
    assert fm.flush(0.3) is False  # it is being sent
    assert [path.suffix for path in tmp_path.iterdir()] == [spools.CLAIMED]
    end()
    start_anew(server.url, tmp_path)

    assert fm.flush(5)
    assert server.one("old")


def test_what_waits_for_one_project_is_not_sent_to_another(tmp_path: Path) -> None:
    spools.Spool(tmp_path, "a key").write([b"{}"], [True])

    assert spools.Spool(tmp_path, "another key").claim_next() is None
    assert spools.Spool(tmp_path, "a key").claim_next() is not None


def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "spool"
    spools.Spool(folder, "k").write([b"{}"], [True])
    file = next(folder.iterdir())

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_it_does_not_fill_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spools, "MOST_BYTES", 1000)
    monkeypatch.setattr(spools, "FILE_BYTES", 500)
    spool = spools.Spool(tmp_path, "k")
    bodies = [b"x" * 400] * 10

    written = spool.write(bodies, [True] * 10)
    assert 2 <= written <= 4


def test_a_folder_that_cannot_be_written_to_drops_and_raises_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    fm.init(dead_url(), "k", spool=tmp_path / "file" / "spool", max_queue=10)
    for number in range(50):
        job(f"call {number}.")
    end()

    stats = fm.stats()
    assert stats["dropped"] == 50
    assert stats["last_error"]


def test_a_damaged_file_takes_no_other_with_it(server: FakeServer, tmp_path: Path) -> None:
    fm.init(dead_url(), "k", spool=tmp_path)
    job("hello")
    end()
    name = next(tmp_path.iterdir()).name.partition("-")[0]
    (tmp_path / f"{name}-00000000.ndjson").write_bytes(b"not json\n\xff")
    start_anew(server.url, tmp_path)

    assert fm.flush(5)
    assert server.one("hello")
