"""Imports interactions from files, in our own shape or as other tools export them.

Resumable: an item without an id gets one made of its content, so items stored before are duplicates.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import msgspec

from featurememory.errors import ErrorCode, FeatureMemoryError
from featurememory.models import Project
from integration.dialects.history.formats import AUTO
from integration.dialects.intake import make_arrival, store_arrivals
from integration.dialects.json_values import Json
from integration.jobs.history_files import Item, open_history
from integration.jobs.import_errors import ErrorFile
from integration.jobs.uploads import error_path
from integration.models import Job
from patterns.ingest.schema import Arrival, build_arrival, parse_interaction
from patterns.redaction.redact import Hiding, redactor_of

BATCH, BATCH_BYTES = 500, 8 << 20
ERRORS_KEPT = 20


@dataclass
class Progress:
    """Progress of an import: bytes read, items stored, duplicate and rejected."""

    total_bytes: int
    done_bytes: int = 0
    stored: int = 0
    duplicates: int = 0
    rejected: int = 0
    errors: list[tuple[int, str]] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)
    error_file: ErrorFile | None = None
    redactor: Hiding | None = None

    def format_line(self) -> str:
        seconds = max(1e-6, time.monotonic() - self.began)
        share = self.done_bytes / self.total_bytes if self.total_bytes else 1.0
        left = seconds / share - seconds if 0 < share < 1 else 0.0
        return f"{share:4.0%}  {self.format_counts()}, {left:.0f} s left"

    def format_counts(self) -> str:
        """What became of the rows, and how many a second."""
        seconds = max(1e-6, time.monotonic() - self.began)
        read = self.stored + self.duplicates + self.rejected
        return (
            f"{self.stored:,} stored, {self.duplicates:,} duplicates, "
            f"{self.rejected:,} rejected, {read / seconds:,.0f}/s"
        )

    def reject(self, number: int, error: FeatureMemoryError) -> None:
        self.rejected += 1
        # It may quote the value that is wrong.
        why = self.redactor.redact_message(error.message) if self.redactor else error.message
        if len(self.errors) < ERRORS_KEPT:
            self.errors.append((number, why))
        if self.error_file is not None:
            self.error_file.write(number, why)


def import_file(
    project: Project,
    path: Path,
    show: Callable[[Progress], None],
    name: str = AUTO,
    mapping: Mapping[str, str] | None = None,
    errors: ErrorFile | None = None,
) -> Progress:
    """Import one file in batches; `show` is called about once a second. `name`: its format."""
    redactor = redactor_of(project.pk)
    progress = Progress(path.stat().st_size, error_file=errors, redactor=redactor)
    shown = time.monotonic()
    with open_history(path, name, mapping) as (raw, items):
        for batch in read_batches(items, progress):
            store_batch(project.pk, batch, progress)
            progress.done_bytes = raw.tell()
            if time.monotonic() - shown > 1:
                shown = time.monotonic()
                show(progress)
    progress.done_bytes = progress.total_bytes
    show(progress)
    return progress


def run_import_steps(job: Job) -> Iterator[str]:
    """The import as a job; `params`: {"path", "name", "format", "mapping"}. When resumed it reads from
    the start; what is already stored is recognised by its id."""
    path, params = Path(job.params["path"]), job.params
    if not path.is_file():
        raise FeatureMemoryError(
            "The uploaded file is no longer there: upload it again.", ErrorCode.NOT_FOUND
        )
    kept = error_path(path)
    with ErrorFile(kept) if kept else nullcontext() as errors:
        redactor = redactor_of(job.project_id)
        progress = Progress(path.stat().st_size, error_file=errors, redactor=redactor)
        job.total, job.unit = progress.total_bytes, "bytes"
        with open_history(path, params.get("format", AUTO), params.get("mapping")) as (raw, items):
            for batch in read_batches(items, progress):
                store_batch(job.project_id, batch, progress)
                job.done, job.cursor = raw.tell(), {"counts": progress.format_counts()}
                yield ""
    for number, why in progress.errors:
        yield f"Line {number:,}: {why}"
    if kept and progress.rejected:
        job.cursor["errors"] = str(kept)
    yield progress.format_line()


def read_batches(items: Iterable[Item], progress: Progress) -> Iterator[list[Arrival]]:
    batch: list[Arrival] = []
    seen = size = 0
    for number, item in items:
        seen += 1
        try:
            batch.append(parse_item(item))
            size += len(item) if isinstance(item, bytes) else len(batch[-1].payload)
        except FeatureMemoryError as error:
            progress.reject(number, error)
        if seen == BATCH or size > BATCH_BYTES:
            yield batch
            batch, seen, size = [], 0, 0
    yield batch


def parse_item(item: bytes | dict[str, Json] | FeatureMemoryError) -> Arrival:
    """The arrival of an item; without an id it gets one made of its content."""
    if isinstance(item, FeatureMemoryError):
        raise item
    if isinstance(item, dict):
        return make_arrival(item if item.get("id") else {**item, "id": make_content_id(item)})
    made = parse_interaction(item, timed=False)
    if made.id is None:
        made.id = name_content(item.strip())
    return build_arrival(made)


def make_content_id(item: Mapping[str, Json]) -> str:
    try:
        return name_content(msgspec.json.encode(item))
    except (TypeError, ValueError, RecursionError):
        return "import-none"  # what cannot be written is refused, with its reason, a step later


def name_content(content: bytes) -> str:
    return "import-" + hashlib.blake2b(content, digest_size=16).hexdigest()


def store_batch(project_id: UUID, batch: list[Arrival], progress: Progress) -> None:
    stored = store_arrivals(project_id, batch)
    progress.stored += stored
    progress.duplicates += len(batch) - stored
