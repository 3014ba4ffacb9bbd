from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

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
