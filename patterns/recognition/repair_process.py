"""Plans repairs in a separate process: `python -m patterns.recognition.repair_process`.

Grouping thousands of prompts takes seconds and hundreds of megabytes. A separate process blocks
neither requests nor learning, runs at low priority, has limits, and frees its memory by ending. It needs
no database and no settings, and ends with its parent.
"""

from __future__ import annotations

import contextlib
import os
import queue
import resource
import select
import struct
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from typing import IO

import msgspec

from featurememory.process import struct_tables
from featurememory.process.one_stop import let_stops_through
from patterns.engine.grouping.free_text.embedders import chosen
from patterns.engine.grouping.prompts.slot_ngrams import Passages
from patterns.engine.repair.plan import Draft
from patterns.engine.repair.planner import Planner

# For one partition: seconds of processor time, of the clock, and bytes beyond those of the start.
# 6,500 prompts, the most there are, take 10 s and 300 MB. Other projects wait meanwhile.
LIMIT_CPU_S, LIMIT_S, LIMIT_BYTES = 60, 600, 1 << 30
POLL_S = 0.2
NICE = 10  # a tenth of the weight of a request; 19 starves on a busy machine
OUT_OF_MEMORY, FAILED = 3, 4  # exit codes
_LENGTH = struct.Struct("!Q")


class PlannerStart(msgspec.Struct):
    """The first message: `embedding` of the settings, the known passages, and the limits."""

    embedding: tuple[str, ...]
    passages: bytes
    cpu_s: int
    memory: int  # bytes


class PlannerOrder(msgspec.Struct):
    """A message to the process: a start first, then drafts; `more` adds a draft to the previous one."""

    start: PlannerStart | None = None
    draft: Draft | None = None
    more: bool = False


class PlannerAnswer(msgspec.Struct, array_like=True):
    """The plan, and all known passages if they have changed; or why there is no plan."""

    plan: msgspec.Raw
    passages: bytes | None
    error: str = ""


class PlannerEnded(Exception):
    """The process ended: out of time or memory, or stopped."""


class PlanFailed(Exception):
    """This partition cannot be planned; the process is ready for the next."""


class PlannerProcess:
    """The process as its parent sees it; `embedding` and `passages` as in PlannerStart."""

    def __init__(
        self, embedding: tuple[str, ...], passages: bytes, should_stop: Callable[[], bool]
    ) -> None:
        self.should_stop = should_stop
        self.process = subprocess.Popen(
            [sys.executable, "-m", "patterns.recognition.repair_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=_environment(),
        )
        self._send(PlannerOrder(start=PlannerStart(embedding, passages, LIMIT_CPU_S, LIMIT_BYTES)))

    def plan(self, draft: Draft, more: bool = False) -> PlannerAnswer:
        """The plan of a draft. PlannerEnded, with the reason, when the process has ended; PlanFailed when
        it cannot be planned."""
        self._send(PlannerOrder(draft=draft, more=more))
        answer = msgspec.msgpack.decode(self._receive(), type=PlannerAnswer)
        if answer.error:
            raise PlanFailed(answer.error)
        return answer

    def close(self) -> None:
        self.process.kill()
        for stream in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):
                assert stream
                stream.close()
        self.process.wait()

    def _send(self, order: PlannerOrder) -> None:
        assert self.process.stdin
        try:
            _write(self.process.stdin, msgspec.msgpack.encode(order))
        except OSError:
            raise PlannerEnded(self._reason()) from None

    def _receive(self) -> bytes:
        head = self._read(_LENGTH.size)
        return self._read(_LENGTH.unpack(head)[0])

    def _read(self, count: int) -> bytes:
        assert self.process.stdout
        number, found = self.process.stdout.fileno(), bytearray()
        until = time.monotonic() + LIMIT_S
        while len(found) < count:
            if self.should_stop():
                raise PlannerEnded("stopped")
            if time.monotonic() > until:
                raise PlannerEnded(f"more than {LIMIT_S} s")
            if select.select([number], [], [], POLL_S)[0]:
                part = os.read(number, min(count - len(found), 1 << 20))
                if not part:
                    raise PlannerEnded(self._reason())
                found += part
        return bytes(found)

    def _reason(self) -> str:
        code = self.process.wait()
        known = {
            OUT_OF_MEMORY: "more memory than it may have",
            -24: f"more than {LIMIT_CPU_S} s of processor time",
        }
        return known.get(code, f"its process ended with {code}")


def _environment() -> dict[str, str]:
    """The child imports from the same paths and uses one thread."""
    paths = os.pathsep.join(path for path in sys.path if path)
    threads = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return {**os.environ, **threads, "PYTHONPATH": paths, "PYTHONSAFEPATH": "1"}


def _write(stream: IO[bytes], data: bytes) -> None:
    stream.write(_LENGTH.pack(len(data)))
    stream.write(data)
    stream.flush()


# --- the process itself ------------------------------------------------------------------------------


def main() -> None:
    os.nice(NICE)
    let_stops_through()
    sys.stdout = sys.stderr  # output of libraries must not mix with the answers
    struct_tables.build_tables(())  # before the first thread
    orders: queue.SimpleQueue[PlannerOrder] = queue.SimpleQueue()
    threading.Thread(target=read_orders, args=(orders,), daemon=True).start()
    start = orders.get().start
    assert start
    embedder, passages = chosen(*start.embedding), Passages(start.passages)
    limit_memory(start.memory)
    planner: Planner | None = None
    while True:
        order = orders.get()
        assert order.draft
        limit_time(start.cpu_s)
        before = passages.noted
        try:
            if order.more and planner is not None:
                plan = planner.more(order.draft)
            else:
                planner = None  # frees its memory first
                planner = Planner(order.draft, passages, embedder)
                plan = planner.run()
            raw = msgspec.Raw(msgspec.msgpack.encode(plan))
        except MemoryError:
            raise
        except Exception as error:
            traceback.print_exc()
            planner = None
            send_failure(error)
            continue
        noted = passages.to_bytes() if passages.noted != before else None
        send_message(PlannerAnswer(raw, noted))


def read_orders(orders: queue.SimpleQueue[PlannerOrder]) -> None:
    """Read orders until the pipe closes, which ends this process together with its parent."""
    stream = sys.stdin.buffer
    with exit_after():
        while len(head := stream.read(_LENGTH.size)) == _LENGTH.size:
            data = stream.read(_LENGTH.unpack(head)[0])
            orders.put(msgspec.msgpack.decode(data, type=PlannerOrder))


@contextlib.contextmanager
def exit_after() -> Iterator[None]:
    """End the process after the block, also from a thread; the exit code tells how it went."""
    try:
        yield
        os._exit(0)
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    except BaseException:
        traceback.print_exc()
        os._exit(FAILED)


def send_failure(error: Exception) -> None:
    text = f"{type(error).__name__}: {error}".encode("utf-8", "replace").decode()
    send_message(PlannerAnswer(msgspec.Raw(msgspec.msgpack.encode(None)), None, text[:400]))


def send_message(answer: PlannerAnswer) -> None:
    with os.fdopen(os.dup(1), "wb") as stream:
        _write(stream, msgspec.msgpack.encode(answer))


def limit_memory(more: int) -> None:
    """Allow `more` bytes beyond the address space in use: libraries reserve much they never touch."""
    with contextlib.suppress(OSError, ValueError):  # macOS knows no such limit
        with open("/proc/self/statm") as held:  # noqa: PTH123
            size = int(held.read().split()[0]) * resource.getpagesize()
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (size + more, hard))


def limit_time(more: int) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    soft = int(used.ru_utime + used.ru_stime) + more
    resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


if __name__ == "__main__":
    with exit_after():
        main()
