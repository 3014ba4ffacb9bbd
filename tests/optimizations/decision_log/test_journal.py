from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from optimizations.decision_log import journal as journal_files
from optimizations.decision_log.journal import Journal, MemoryJournal, read_records


def taken(journal: Journal) -> list[bytes]:
    return [record for path in journal.seal() for record in read_records(path)]


def test_records_come_back_in_order(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    for number in range(3):
        journal.append(b"%d" % number)

    assert taken(journal) == [b"0", b"1", b"2"]


def test_records_stay_until_they_are_removed(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append(b"a")
    assert taken(journal) == taken(journal) == [b"a"]

    journal.remove(journal.seal())

    assert taken(journal) == []


def test_what_is_appended_after_the_seal_waits_for_the_next_one(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append(b"a")
    sealed = journal.seal()
    journal.append(b"b")
    journal.remove(sealed)

    assert taken(journal) == [b"b"]


def test_a_record_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append(b"whole")
    journal.append(b"cut off")
    path = journal.seal()[0]
    os.truncate(path, path.stat().st_size - 3)

    assert taken(journal) == [b"whole"]


def test_records_of_a_killed_process_are_found(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from optimizations.decision_log.journal import Journal; "
        "Journal(Path(sys.argv[1])).append(b'answered'); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False, timeout=30)

    assert taken(Journal(tmp_path)) == [b"answered"]


def test_the_file_another_process_writes_is_left_to_it(tmp_path: Path) -> None:
    server, command = Journal(tmp_path), Journal(tmp_path)
    server.append(b"of the server")

    assert taken(command) == []
    assert taken(server) == [b"of the server"]


def test_a_file_that_is_just_being_made_is_not_moved_by_another_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, command = Journal(tmp_path), Journal(tmp_path)
    lock, locked = fcntl.flock, list[int]()

    def look_around_and_lock(file: int, kind: int) -> None:
        if not locked:
            locked.append(file)
            command.remove(command.seal())
        lock(file, kind)

    monkeypatch.setattr(fcntl, "flock", look_around_and_lock)
    server.append(b"answered")

    assert taken(server) == [b"answered"]


def test_a_file_that_another_process_looked_at_is_moved_by_the_next_seal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(tmp_path)
    journal.append(b"answered")

    def look_at_it(file: int, kind: int) -> None:
        raise BlockingIOError

    with monkeypatch.context() as looked_at:
        looked_at.setattr(fcntl, "flock", look_at_it)
        journal.remove(journal.seal())

    assert taken(journal) == [b"answered"]


def test_what_one_process_moves_no_other_one_moves(tmp_path: Path) -> None:
    server, command = Journal(tmp_path), Journal(tmp_path)
    server.append(b"of the server")
    moved = server.seal()
    assert command.seal() == []
    server.remove(moved)

    assert taken(command) == []


def test_only_so_many_files_are_open_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_files, "MOST_CLAIMED", 2)
    journal, found = Journal(tmp_path), list[bytes]()
    for number in range(5):
        journal.append(b"%d" % number)
        journal.seal()
    while part := journal.seal():
        found += [record for path in part for record in read_records(path)]
        journal.remove(part)

    assert found == [b"0", b"1", b"2", b"3", b"4"]


def test_what_another_process_is_writing_is_read_too_and_only_once(tmp_path: Path) -> None:
    writing, reading = Journal(tmp_path), Journal(tmp_path)
    writing.append(b"a")
    assert reading.seal() == []
    found, ends = reading.read_elsewhere()
    assert found == [b"a"]
    reading.note_read(ends)
    writing.append(b"b")

    assert reading.read_elsewhere()[0] == [b"b"]
    assert taken(writing) == [b"a", b"b"]  # it moves them itself once more


def test_in_memory_records_come_back_until_they_are_removed() -> None:
    journal = MemoryJournal()
    journal.append(b"a")
    first = journal.seal()
    journal.append(b"b")
    again = journal.seal()
    journal.remove(first)
    left = journal.seal()

    told = [[record for part in parts for record in read_records(part)] for parts in (first, again)]
    assert told == [[b"a"], [b"a", b"b"]]
    assert [record for part in left for record in read_records(part)] == [b"b"]
