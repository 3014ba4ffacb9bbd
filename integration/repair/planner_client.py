"""The client of the planning process: sends drafts, receives plans."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import TracebackType
from uuid import UUID

from integration.repair.failed_partitions import note_partition
from integration.repair.repair_turns import RepairProgress, TurnIsOver, sizes
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

    def __init__(
        self,
        copy: RecognizerCopy,
        should_stop: Callable[[], bool],
        progress: RepairProgress | None = None,
    ) -> None:
        self.copy, self.should_stop, self.progress = copy, should_stop, progress
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
        """Plans of the partitions in turn, until the turn is over; one that fails is noted and left out."""
        for place, draft in enumerate(self.copy.drafts):
            if place and self.is_over():  # a turn repairs at least one
                return
            try:
                planned = self.plan(draft, project_id)
            except TurnIsOver:
                return
            if planned is not None:
                yield self.add_newcomers(project_id, planned)
            if self.progress is not None:
                self.progress.done.add(draft.name)

    def is_over(self) -> bool:
        return self.progress is not None and self.progress.is_over()

    def plan(self, draft: Draft, project_id: UUID) -> PlannedPartition | None:
        """None when the partition cannot be planned. TurnIsOver when it is to be tried again with less."""
        draft = sizes.cut(project_id, draft)
        while True:
            try:
                return self.ask_for_plan(draft)
            except PlannerEnded as error:
                if self.should_stop():
                    raise
                self.close()
                smaller = self.halve(draft, project_id, error)
            except Exception as error:
                self.close()  # it may have read half of a message
                note_partition(project_id, draft.name, error)
                return None
            if smaller is None:
                return None
            draft = smaller

    def halve(self, draft: Draft, project_id: UUID, error: PlannerEnded) -> Draft | None:
        """What to try after the process ended; None when so few texts should have done."""
        count = len(draft.samples)
        if count <= LEAST:
            note_partition(project_id, draft.name, str(error))
            return None
        logger.warning(
            "Project %s: planning the repair of texts of %r with %d examples failed (%s); trying with %d",
            *(project_id, draft.name[:80], count, error, count // 2),
        )
        sizes.note(project_id, draft.name, count // 2)
        if self.is_over():
            raise TurnIsOver
        return draft.halved()

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
            try:
                answer = self.apart.plan(came, more=True)
            except Exception as error:
                if self.should_stop():
                    raise
                self.close()
                logger.warning(
                    "Project %s: texts of %r that came during the repair wait for the next one: %s",
                    *(project_id, came.name[:80], error),
                )
                break
            self.take_answer(planned, answer)
            planned.known.update(name for name, _, _ in came.samples)
        return planned

    def close(self) -> None:
        if self.apart is not None:
            self.apart.close()
            self.apart = None
