"""The client of the planning process: sends drafts, receives plans."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import TracebackType
from uuid import UUID

from patterns.engine.repair.drafts import draft_newcomers
from patterns.engine.repair.plan import Draft
from patterns.recognition.recognizer_cache import permit_embedding, recognizers
from patterns.recognition.repair_process import PlannerAnswer, PlannerEnded, PlannerProcess

logger = logging.getLogger("featurememory.repairs")

# Texts that arrived while a plan was made are added by the process, until at most CAME are left (in at
# most ROUNDS rounds); those join under the lease, at half a millisecond each.
CAME, ROUNDS = 50, 4
LEAST = 200  # samples; a partition that cannot be planned with so few is left as it is


class LeaseNotAcquired(Exception):
    """The lease was held by others all the time; the repair is started again later."""


@dataclass
class RecognizerCopy:
    """What a repair starts from: drafts of all partitions, passages, embedding, learned count."""

    drafts: list[Draft]
    passages: bytes
    embedding: tuple[str, ...]
    learned: int


@dataclass
class PlannedPartition:
    """The plan of a partition as bytes, since each attempt to put it in place needs its own copy."""

    draft: Draft
    plan: bytes
    passages: bytes | None
    known: set[str] = field(default_factory=set)


class PlannerClient:
    """Plans partitions in a separate process. When it runs out of time or memory, it is restarted with
    half of the texts; the others join by the resulting plan."""

    def __init__(self, copy: RecognizerCopy, should_stop: Callable[[], bool]) -> None:
        self.copy, self.should_stop = copy, should_stop
        self.apart: PlannerProcess | None = None

    def __enter__(self) -> PlannerClient:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.apart is not None:
            self.apart.close()

    def plans(self, project_id: UUID) -> Iterator[PlannedPartition]:
        for draft in self.copy.drafts:
            planned = self.plan(draft)
            if planned is not None:
                yield self.add_newcomers(project_id, planned)

    def plan(self, draft: Draft) -> PlannedPartition | None:
        while True:
            try:
                return self.ask_for_plan(draft)
            except PlannerEnded as error:
                if self.should_stop():
                    raise
                self.close()
                count = len(draft.samples)
                if count <= LEAST:
                    logger.error("Partition %r is not repaired: %s", draft.name[:80], error)
                    return None
                logger.warning(
                    "Planning the repair of %r with %d texts took %s; trying with %d",
                    *(draft.name[:80], count, error, count // 2),
                )
                draft = draft.halved()

    def ask_for_plan(self, draft: Draft) -> PlannedPartition:
        if self.apart is None:
            embedding = permit_embedding(self.copy.embedding)
            self.apart = PlannerProcess(embedding, self.copy.passages, self.should_stop)
        answer = self.apart.plan(draft)
        known = {name for name, _, _ in draft.samples}
        return self.take_answer(PlannedPartition(draft, b"", None, known), answer)

    def take_answer(self, planned: PlannedPartition, answer: PlannerAnswer) -> PlannedPartition:
        planned.plan = bytes(answer.plan)
        if answer.passages is not None:
            self.copy.passages = planned.passages = answer.passages
        return planned

    def add_newcomers(self, project_id: UUID, planned: PlannedPartition) -> PlannedPartition:
        """The plan extended by the texts that arrived while it was made, except the last few."""
        for _ in range(ROUNDS):
            loaded = recognizers.for_reading(project_id)
            with loaded.lock:
                if planned.draft.name not in loaded.recognizer.memory.groupers:
                    break
                came = draft_newcomers(loaded.recognizer.memory, planned.draft.name, planned.known)
            if len(came.samples) <= CAME or self.apart is None:
                break
            self.take_answer(planned, self.apart.plan(came, more=True))
            planned.known.update(name for name, _, _ in came.samples)
        return planned

    def close(self) -> None:
        if self.apart is not None:
            self.apart.close()
            self.apart = None
