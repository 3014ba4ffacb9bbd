"""Puts a task to the server and reads its decision."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from featurememory_client.asking.breaker import Breaker
from featurememory_client.asking.decision import Decision
from featurememory_client.asking.question import Question, TaskRefused
from featurememory_client.http.connection import Connection
from featurememory_client.http.deadline import Deadline
from featurememory_client.http.reply import BadReply, HttpReply
from featurememory_client.http.transport import Transport

PATH = "/api/v1/tasks/prepare/"
MOST_KEPT = 8  # connections for callers that ask at the same time
OURS_TO_ANSWER_FOR = (400, 413, 422)  # this task was wrong; the server is well


class Asker:
    def __init__(
        self,
        transport: Transport,
        disguise: Callable[[dict[str, Any]], dict[str, Any]],
        serves_cached: bool,
        report: Callable[[Exception], None],
    ) -> None:
        self._transport = transport
        self._disguise = disguise
        self._serves_cached = serves_cached
        self._report = report
        self._breaker = Breaker()
        self._connections: list[Connection] = []
        self._lock = threading.RLock()
        self.prepared = 0
        self.failed = 0

    @property
    def would_wait(self) -> bool:
        """False while nothing would be asked: then `ask` answers at once."""
        return not self._breaker.is_open

    def ask(
        self,
        task: Mapping[str, Any],
        timeout: float,
        session_id: str | None = None,
        models: Sequence[str] | None = None,
    ) -> Decision:
        """The decision, or the task unchanged. Raises nothing; takes at most `timeout` seconds."""
        try:
            decision = self._ask(Question(task, session_id, models, self._disguise), timeout)
        except Exception as error:
            self._report(error)
            decision = None
        with self._lock:
            self.prepared += decision is not None
            self.failed += decision is None
        return decision or Decision(task)

    def close(self) -> None:
        while self._connections:
            self._connections.pop().close()

    def _ask(self, question: Question, timeout: float) -> Decision | None:
        if self._breaker.is_open:
            if self._breaker.take_probe():
                self._start_probe(question, timeout)
            return None
        decision = self._post(question, timeout)
        if not self._serves_cached:
            decision.cached_output = None
        return decision

    def _start_probe(self, question: Question, timeout: float) -> None:
        """See beside the callers whether the server is back; a dry run, so it leaves no trace."""
        try:
            question.write(dry_run=True)
            threading.Thread(target=self._probe, args=(question, timeout), daemon=True).start()
        except Exception:
            self._breaker.note_failure()
            raise

    def _probe(self, question: Question, timeout: float) -> None:
        try:
            self._post(question, timeout)
        except Exception as error:
            self._report(error)

    def _post(self, question: Question, timeout: float) -> Decision:
        """The decision. Whatever says that the server is not well counts for the breaker."""
        try:
            reply = self._exchange(question.write(), Deadline(timeout))
            if reply.status in OURS_TO_ANSWER_FOR:
                raise TaskRefused(f"the server refused the task: {reply.status}")
            if reply.status != 200:
                raise BadReply(f"the server answered {reply.status}")
            decision = question.read(json.loads(reply.body))
        except TaskRefused:
            self._breaker.note_success()
            raise
        except Exception:
            self._breaker.note_failure()
            raise
        self._breaker.note_success()
        return decision

    def _exchange(self, body: bytes, deadline: Deadline) -> HttpReply:
        try:
            connection = self._connections.pop()
        except IndexError:
            connection = self._transport.make_connection()
        reply = connection.post(PATH, body, deadline)
        if len(self._connections) < MOST_KEPT:
            self._connections.append(connection)
        else:
            connection.close()
        return reply
